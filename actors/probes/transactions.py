"""The transactions probe: every payment's life, from the wallet that sent it to the wallet that got it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from actors.probes.probe import Probe, ProbeConfig
from monerosim.rpc.errors import RpcError
from monerosim.rpc.wallet import TransferEntry, Transfers
from monerosim.units import SECOND, format_amount

_AT_ONCE = 100
"""Transactions that are asked for in one call."""


class TransactionsProbeConfig(ProbeConfig, frozen=True):
    """Settings of a transactions probe."""

    wait: Annotated[int, Meta(ge=1, le=10_000, description="Mean block times that a payment may be in no block.")] = 20
    depth: Annotated[
        int, Meta(ge=1, le=720, description="Confirmations from which on a payment must be with both its ends.")
    ] = 5


class _Wallet(msgspec.Struct, frozen=True):
    """What a wallet says of itself."""

    name: str
    addresses: frozenset[str]
    transfers: Transfers
    balance: int


class TransactionsProbe(Probe[TransactionsProbeConfig]):
    """Finds payments that are lost, late, in the wrong amount or counted twice, and wallets that do not add up.

    A payment that its recipient should have is known by its destinations, which a wallet has of what it sent itself.
    """

    def examine(self) -> Iterator[str]:
        """Ask all wallets for their transfers, and nodes for the chain and their pools."""
        wallets = []
        for name in self.wallets:
            try:
                wallets.append(self._ask(name))
            except RpcError as error:
                yield f"the wallet of {name} does not answer: {error}"
        pooled = set[str]()
        for name, node in self.nodes.items():
            try:
                pooled.update(transaction.id_hash for transaction in node.get_transaction_pool())
            except RpcError as error:
                yield f"{name} cannot be asked for its txpool: {error}"
        self.measured |= {"wallets": len(wallets), "in_pools": len(pooled)}
        sent = [entry for wallet in wallets for entry in (*wallet.transfers.outgoing, *wallet.transfers.pending)]
        self.measured |= {"sent": len(sent), "settled": sum(it.confirmations >= self.config.depth for it in sent)}
        mined = self._mined({entry.txid for wallet in wallets for entry in _in_blocks(wallet.transfers)})
        for wallet in wallets:
            yield from _add_up(wallet)
            yield from self._look_for_lost(wallet, pooled, mined)
        yield from self._look_for_unreceived(wallets)

    def _ask(self, name: str) -> _Wallet:
        wallet = self.wallets[name]
        wallet.refresh()
        transfers = wallet.get_transfers("in", "out", "pending", "failed", "pool")
        return _Wallet(name, frozenset(wallet.get_addresses()), transfers, wallet.get_balance().balance)

    def _mined(self, txids: set[str]) -> set[str]:
        """Return those transactions that are in the chain of a node that answers."""
        wanted = sorted(txids)
        for node in self.nodes.values():
            try:
                spans = (node.get_mined(wanted[at : at + _AT_ONCE]) for at in range(0, len(wanted), _AT_ONCE))
                return set().union(*spans)
            except RpcError as error:
                self.log.debug("cannot ask for transactions: {}", error)
        raise RpcError("no node answers")

    def _look_for_lost(self, wallet: _Wallet, pooled: set[str], mined: set[str]) -> Iterator[str]:
        now, block_time = self.clock.microseconds(), self.host.plan.consensus.block_time
        for entry in wallet.transfers.pending:
            waited = now - self.clock.of_unix(entry.timestamp)
            told = f"payment {entry.txid} of {wallet.name}"
            if entry.txid not in pooled:
                if entry.txid not in mined:
                    yield f"{told} is in no txpool and in no block"
            elif waited > self.config.wait * block_time:
                yield f"{told} has been in no block for {waited / SECOND:.0f} s"
        for entry in _in_blocks(wallet.transfers):
            if entry.confirmations >= self.config.depth and entry.txid not in mined:
                yield f"transaction {entry.txid}, which {wallet.name} has in block {entry.height}, is in no block"

    def _look_for_unreceived(self, wallets: Sequence[_Wallet]) -> Iterator[str]:
        owners = {address: wallet for wallet in wallets for address in wallet.addresses}
        got = Counter[tuple[str, str]]()
        for wallet in wallets:
            for entry in wallet.transfers.incoming:
                got[entry.txid, entry.address] += entry.amount
        for sender in wallets:
            for entry in sender.transfers.outgoing:
                if entry.confirmations < self.config.depth:
                    continue
                paid = Counter[str]()
                for to in entry.destinations:
                    paid[to.address] += to.amount
                for address, amount in paid.items():
                    owner = owners.get(address, sender)
                    if owner is not sender and got[entry.txid, address] != amount:
                        has = format_amount(got[entry.txid, address])
                        told = f"{format_amount(amount)} to {owner.name}, which has {has} of it"
                        yield f"payment {entry.txid} of {sender.name} pays {told}"


def _in_blocks(transfers: Transfers) -> list[TransferEntry]:
    return [*transfers.incoming, *transfers.outgoing]


def _add_up(wallet: _Wallet) -> Iterator[str]:
    """Yield what a wallet counts twice, and whether its balance is what came less what went."""
    transfers = wallet.transfers
    for direction, entries in (("received", transfers.incoming), ("sent", transfers.outgoing)):
        counts = Counter((entry.txid, entry.address if direction == "received" else "") for entry in entries)
        for (txid, _), count in counts.items():
            if count > 1:
                yield f"{wallet.name} has {direction} {txid} {count} times"
    came = sum(entry.amount for entry in (*transfers.incoming, *transfers.pool))
    went = sum(entry.amount + entry.fee for entry in transfers.outgoing) + sum(
        entry.amount + entry.fee - sum(to.amount for to in entry.destinations if to.address in wallet.addresses)
        for entry in transfers.pending
    )
    if wallet.balance != came - went:
        told = f"{format_amount(came)} has come and {format_amount(went)} has gone"
        yield f"{wallet.name} holds {format_amount(wallet.balance)}, where {told}"
