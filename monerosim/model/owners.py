"""Who owns which address, and what the wallets of an owner are notified of."""

from collections.abc import Iterable, Sequence

from monerosim.model.records import Block, Holder, Output, Owner, Transaction
from monerosim.monero.address import Keys

_NOBODY = bytes(64)


class Owners:
    """All owners of a run, and the addresses that are known to be theirs."""

    def __init__(self) -> None:
        self._holders: dict[bytes, Holder] = {}
        self._owners: dict[bytes, Owner] = {}
        self._strange: dict[bytes, list[Output]] = {}

    def owner(self, keys: Keys) -> Owner:
        """Return the owner of some keys, with all that was paid to them so far."""
        primary = keys.standard.keys
        if primary not in self._owners:
            self._owners[primary] = owner = Owner(keys)
            self._claim(owner)
        return self._owners[primary]

    def register(self, keys: bytes, owner: Owner, account: int, index: int) -> None:
        """Record an address of an owner, which is found faster from then on.

        Args:
            keys: The address's public spend and view key, 64 bytes.
            owner: Its owner.
            account: The account it is of.
            index: Its index in the account.
        """
        self._holders.setdefault(keys, Holder(owner, account, index))

    def make_outputs(self, transaction: Transaction, payments: Sequence[tuple[bytes, int]]) -> None:
        """Create a transaction's outputs.

        Args:
            transaction: It has none yet.
            payments: The keys paid and the amount, for each output.
        """
        transaction.outputs = tuple(
            Output(transaction, index, keys, amount, self._holder(keys))
            for index, (keys, amount) in enumerate(payments)
        )
        for output in transaction.outputs:
            if output.holder is None and output.keys in self._strange:
                self._strange[output.keys].append(output)

    def _holder(self, keys: bytes) -> Holder | None:
        """Return whose address some keys are; the first time by trying the keys of all."""
        found = self._holders.get(keys)
        if found is not None or keys == _NOBODY or keys in self._strange:
            return found
        for owner in self._owners.values():
            place = owner.keys.place(keys)
            if place is not None:
                return self._holders.setdefault(keys, Holder(owner, *place))
        self._strange[keys] = []
        return None

    def _claim(self, owner: Owner) -> None:
        """Give an owner what was paid to its addresses before anybody knew of it."""
        for keys, outputs in list(self._strange.items()):
            place = owner.keys.place(keys)
            if place is None:
                continue
            del self._strange[keys]
            holder = self._holders[keys] = Holder(owner, *place)
            for output in outputs:
                output.holder = holder
                for block in output.transaction.blocks:
                    _receive(owner, block, output)
                if not output.transaction.blocks:
                    owner.coming[output.transaction] = None
        owner.blocks.sort(key=lambda block: block.index)


def announce(transaction: Transaction) -> None:
    """Notify those whom a transaction pays that it is on its way."""
    for owner in _paid(transaction):
        owner.announce(transaction)


def forget(transaction: Transaction) -> None:
    """Notify those whom a transaction pays that it is no longer on its way."""
    for owner in _paid(transaction):
        owner.forget(transaction)


def _paid(transaction: Transaction) -> Iterable[Owner]:
    return dict.fromkeys(output.holder.owner for output in transaction.outputs if output.holder is not None)


def notify_of_block(block: Block) -> None:
    """Record what a new block contains for each owner."""
    for transaction in (block.coinbase, *block.transactions):
        for output in transaction.outputs:
            if output.holder is not None:
                _receive(output.holder.owner, block, output)
        for output in transaction.inputs:
            if output.holder is not None:
                touch = output.holder.owner.touch(block)
                touch.spent.append(output)
                touch.transactions[transaction] = None


def _receive(owner: Owner, block: Block, output: Output) -> None:
    touch = owner.touch(block)
    touch.received.append(output)
    touch.transactions[output.transaction] = None
