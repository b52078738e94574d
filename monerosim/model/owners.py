"""Which wallet owns which address, and what wallets are notified of."""

from collections.abc import Sequence

from monerosim.model.records import Block, Holder, Output, Touch, Transaction, Wallet


class Owners:
    """The addresses of a run's wallets."""

    def __init__(self) -> None:
        self._holders: dict[bytes, Holder] = {}

    def register(self, keys: bytes, wallet: Wallet, account: int, index: int) -> None:
        """Record that an address belongs to a wallet.

        Args:
            keys: The address's public spend and view key, 64 bytes.
            wallet: Its owner.
            account: The account it is of.
            index: Its index in the account.
        """
        self._holders[keys] = Holder(wallet, account, index)

    def make_outputs(self, transaction: Transaction, payments: Sequence[tuple[bytes, int]]) -> None:
        """Create a transaction's outputs.

        Args:
            transaction: It has none yet.
            payments: The keys paid and the amount, for each output.
        """
        transaction.outputs = tuple(
            Output(transaction, index, keys, amount, self._holders.get(keys))
            for index, (keys, amount) in enumerate(payments)
        )


def announce(transaction: Transaction) -> None:
    """Notify the wallets a transaction pays that it is on its way."""
    for output in transaction.outputs:
        if output.holder is not None:
            output.holder.wallet.announce(transaction)


def forget(transaction: Transaction) -> None:
    """Notify the wallets a transaction pays that it is no longer on its way."""
    for output in transaction.outputs:
        if output.holder is not None:
            output.holder.wallet.forget(transaction)


def notify_of_block(block: Block) -> None:
    """Record what a new block contains for each wallet, and notify those wallets of it."""
    for transaction in (block.coinbase, *block.transactions):
        for output in transaction.outputs:
            if output.holder is not None:
                touch = block.touches.setdefault(output.holder.wallet, Touch())
                touch.received.append(output)
                touch.transactions[transaction] = None
        for output in transaction.inputs:
            if output.holder is not None:
                touch = block.touches.setdefault(output.holder.wallet, Touch())
                touch.spent.append(output)
                touch.transactions[transaction] = None
    for wallet in block.touches:
        wallet.touched(block)
