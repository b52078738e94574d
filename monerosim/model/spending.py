"""Making transactions: which outputs are spent, the fee, the change (``create_transactions_2`` in wallet2.cpp)."""

from itertools import islice, takewhile
from typing import NamedTuple, Protocol

from monerosim.model.blockchain import Blockchain
from monerosim.model.errors import ServiceError
from monerosim.model.formats import MONEROD, TransactionFormat
from monerosim.model.holdings import Holding, Spendable
from monerosim.model.parameters import MAX_UINT64
from monerosim.model.priority import GRACE_BLOCKS, automatic_priority
from monerosim.model.records import Transaction
from monerosim.model.views import View
from monerosim.model.wallet_state import Destination, Sent, WalletState
from monerosim.monero.address import Address
from monerosim.monero.constants import MAX_OUTPUTS
from monerosim.monero.fees import (
    PAYMENT_ID,
    TARGET_WEIGHT,
    fee_for,
    places_size,
    varint_size,
)
from monerosim.units import XMR

_WORTH_KEEPING = 2 * XMR
_KEEP = 5
"""A second input that is not needed is left alone when fewer than five outputs of 2 XMR are left
(``DEFAULT_MIN_OUTPUT_VALUE`` and ``DEFAULT_MIN_OUTPUT_COUNT``)."""

_PAIR = 2

PRIORITIES = 4

_RELATED = 10
"""Blocks within which two outputs count as related (``get_output_relatedness``)."""


class Draft(NamedTuple):
    """A transaction that was made and not handed to a node yet."""

    transaction: Transaction
    sent: Sent

    @property
    def amount(self) -> int:
        """The amount it pays, without change, atomic units."""
        return sum(destination.amount for destination in self.sent.destinations)


class Request(NamedTuple):
    """What to pay from, and what the node's chain has for it."""

    account: int
    indices: frozenset[int]
    """Subaddresses; if there are none, all of the account."""
    fee_per_byte: int
    ring_pool: int
    """Outputs in the node's chain that could be ring members."""
    ring_places: int
    """Outputs in the node's chain among which these lie."""
    payment_id: str = ""
    unlock_time: int = 0
    format: TransactionFormat = MONEROD
    """What its transactions look like."""

    def estimate(self, inputs: int, outputs: int) -> int:
        """Return the weight on which a wallet bases its fee (``estimate_tx_weight``)."""
        return self.format.estimate(inputs, outputs, self.extra) + self.format.surcharge(outputs)

    @property
    def extra(self) -> int:
        """Bytes of its transactions beyond those of others."""
        return PAYMENT_ID if self.payment_id else 0


class Purse(Protocol):
    """What payments are made from: a wallet, or the wallets of a crowd, one an account."""

    @property
    def blockchain(self) -> Blockchain:
        """The run's blocks and transactions."""

    @property
    def drafts(self) -> dict[bytes, Sent]:
        """The transactions that it made and did not hand to its node."""

    def funds(self, account: int, indices: frozenset[int]) -> tuple[int, int]:
        """Return what an account's subaddresses (none given: all) hold and how much of it is unlocked, atomic units."""

    def spendable(self, account: int, indices: set[int]) -> Spendable:
        """Return the unlocked outputs of an account's subaddresses (none given: of all)."""

    def address(self, account: int, index: int) -> Address:
        """Return an address."""

    def identity(self, transaction_parts: list[bytes]) -> bytes:
        """Derive the hash of its next transaction."""


def request_at(blockchain: Blockchain, view: View, priority: int, *, account: int) -> Request:
    """Return what a payment is made by that all of an account may pay for.

    Args:
        blockchain: The run's blocks and transactions.
        view: What the wallet's node sees.
        priority: From 1 to 4; 0 for the one that a wallet chooses.
        account: What is paid from.
    """
    tip = view.tip
    priority = min(priority, PRIORITIES) or automatic_priority(blockchain, view)
    return Request(
        account=account,
        indices=frozenset(),
        fee_per_byte=blockchain.mining.weights.fees(tip, GRACE_BLOCKS)[priority - 1],
        ring_pool=blockchain.chain.ring_members(tip),
        ring_places=blockchain.chain.ring_places(tip),
        format=blockchain.mining.format(view.node, tip.height + 1),
    )


def pay(wallet: Purse, request: Request, destinations: list[Destination], subaddresses: set[bytes]) -> list[Draft]:
    """Make the transactions that pay some destinations: as many as it takes.

    Raises:
        ServiceError: As monero-wallet-rpc answers it.
    """
    needed = 0
    for destination in destinations:
        if not destination.amount:
            raise ServiceError(-46, "destination amount is zero")
        needed += destination.amount
        if needed > MAX_UINT64:
            raise ServiceError(-4, f"transaction sum + fee exceeds {MAX_UINT64 // XMR}.{MAX_UINT64 % XMR:012}")
    least = request.fee_per_byte * request.format.estimate(1, 2, request.extra)
    if needed + least > MAX_UINT64:
        raise ServiceError(-16, "tx not possible")
    _check_funds(wallet, request, needed + least)
    candidates = wallet.spendable(request.account, set(request.indices))
    drafts: list[Draft] = []
    rest = list(destinations)
    while rest:
        part, rest = rest[: MAX_OUTPUTS - 1], rest[MAX_OUTPUTS - 1 :]
        chosen, paid, unpaid = _choose(candidates, part, request, pad=not rest)
        rest = unpaid + rest
        if rest:
            candidates = candidates.without(chosen)
        _check_ring(request)
        drafts.append(_make(wallet, request, chosen, paid, subaddresses, change_to_self=True))
    return drafts


def sweep(wallet: WalletState, request: Request, targets: list[Destination], below: int) -> list[Draft]:
    """Make the transactions that send everything unlocked to one address.

    Args:
        wallet: The wallet that pays.
        request: What to pay from.
        targets: The outputs to create, all to one address; their amounts are ignored.
        below: Only outputs smaller than this; 0 for all.

    Raises:
        ServiceError: As monero-wallet-rpc answers it.
    """
    if not wallet.spendable(request.account, set()).oldest:
        raise ServiceError(-4, "No unlocked balance in the specified account")
    candidates = wallet.spendable(request.account, set(request.indices)).oldest
    if not candidates:
        raise ServiceError(-4, "No unlocked balance in the specified subaddress(es)")
    if below:
        candidates = [holding for holding in candidates if holding.output.amount < below]
        if not candidates:
            raise ServiceError(-4, "The smallest amount found is not below the specified threshold")
    if not request.indices:
        # wallet2 sweeps one subaddress at a time, a random one, the main one last; here it is the first.
        indices = {holding.index for holding in candidates}
        first = min(indices - {0} or indices)
        candidates = [holding for holding in candidates if holding.index == first]
    _check_ring(request)
    if len(targets) > MAX_OUTPUTS:
        raise ServiceError(-4, "sv/gamma are too large")
    limit = _most_inputs(request, 2)
    drafts = []
    for start in range(0, len(candidates), limit):
        chosen = candidates[start : start + limit]
        drafts.append(_make(wallet, request, chosen, targets, set(), change_to_self=False))
    return drafts


def sweep_one(wallet: WalletState, request: Request, targets: list[Destination], chosen: list[Holding]) -> list[Draft]:
    """Make the transaction that sends one output to one address.

    Args:
        wallet: The wallet that pays.
        request: What to pay from.
        targets: The outputs to create, all to one address; their amounts are ignored.
        chosen: The output; none if it was not found.

    Raises:
        ServiceError: As monero-wallet-rpc answers it.
    """
    usable = [holding for holding in chosen if holding in wallet.spendable(holding.account, set()).oldest]
    if not usable:
        raise ServiceError(-1, "No outputs found")
    _check_ring(request)
    if len(targets) > MAX_OUTPUTS:
        raise ServiceError(-4, "sv/gamma are too large")
    return [_make(wallet, request, usable, targets, set(), change_to_self=False)]


def _check_funds(wallet: Purse, request: Request, needed: int) -> None:
    total, unlocked = wallet.funds(request.account, request.indices)
    if needed > total:
        raise ServiceError(-17, "not enough money")
    if needed > unlocked:
        raise ServiceError(-37, "not enough unlocked money")


def _check_ring(request: Request) -> None:
    if request.ring_pool < request.format.ring_size:
        raise ServiceError(-19, "not enough outputs to use Please use sweep_dust.")


def _most_inputs(request: Request, outputs: int) -> int:
    """Return how many inputs fit before a wallet closes a transaction."""
    one = request.estimate(2, outputs) - request.estimate(1, outputs)
    fitting = (TARGET_WEIGHT - request.estimate(0, outputs)) // max(one, 1)
    return min(max(fitting, 1), request.format.max_inputs)


def _choose(
    candidates: Spendable, part: list[Destination], request: Request, *, pad: bool
) -> tuple[list[Holding], list[Destination], list[Destination]]:
    """Choose the outputs that pay some destinations.

    Args:
        candidates: The outputs to choose from.
        part: The destinations.
        request: What to pay from.
        pad: Whether a second input that is not needed may be added; not if another transaction follows.

    Returns:
        The outputs, the destinations they pay, and those left to another transaction.
    """
    outputs = len(part) + 1
    needed = sum(destination.amount for destination in part)

    def fee(inputs: int) -> int:
        return fee_for(request.estimate(inputs, outputs), request.fee_per_byte)

    chosen = _preferred(candidates, needed + fee_for(request.estimate(2, max(outputs, 2)), request.fee_per_byte))
    if chosen:
        enough = chosen[0].output.amount >= needed + fee(1)
        return chosen if pad or not enough else chosen[:1], part, []
    limit = _most_inputs(request, outputs)
    total = 0
    for holding in candidates.largest():
        if len(chosen) == limit:
            break
        chosen.append(holding)
        total += holding.output.amount
        if total >= needed + fee(len(chosen)):
            return chosen, part, []
    if len(chosen) < limit:
        raise ServiceError(-16, "tx not possible")
    return _pay_partly(chosen, part, total - fee(limit))


def _pay_partly(
    chosen: list[Holding], part: list[Destination], available: int
) -> tuple[list[Holding], list[Destination], list[Destination]]:
    paid: list[Destination] = []
    for place, destination in enumerate(part):
        if destination.amount > available:
            if available > 0:
                paid.append(destination._replace(amount=available))
            return chosen, paid, [destination._replace(amount=destination.amount - available), *part[place + 1 :]]
        paid.append(destination)
        available -= destination.amount
    return chosen, paid, []


def _preferred(candidates: Spendable, enough: int) -> list[Holding]:
    """Choose one output that suffices, or two of one subaddress, and make it two where that costs nothing else.

    ``pick_preferred_rct_inputs`` and ``should_pick_a_second_output``.
    """
    if not candidates.smallest or candidates.smallest[-1].output.amount < enough:
        return _pair(candidates, enough)
    first = next(holding for holding in candidates.oldest if holding.output.amount >= enough)
    others = (holding for holding in candidates.smallest if holding is not first and holding.index == first.index)
    unrelated = (holding for holding in others if abs(holding.block.height - first.block.height) >= _RELATED)
    second = next(unrelated, None)
    if second is None or (second.output.amount >= _WORTH_KEEPING and not _has_many_worth_keeping(candidates, first)):
        return [first]
    return [first, second]


def _has_many_worth_keeping(candidates: Spendable, first: Holding) -> bool:
    worthy = takewhile(lambda holding: holding.output.amount >= _WORTH_KEEPING, reversed(candidates.smallest))
    others = (holding for holding in worthy if holding is not first and holding.index == first.index)
    return len(list(islice(others, _KEEP))) == _KEEP


def _pair(candidates: Spendable, enough: int) -> list[Holding]:
    """Choose two outputs of one subaddress that suffice together; none if there are no such two."""
    if sum(holding.output.amount for holding in candidates.smallest[-_PAIR:]) < enough:
        return []
    largest: dict[int, list[Holding]] = {}
    for holding in candidates.largest():
        best = largest.setdefault(holding.index, [])
        if len(best) < _PAIR:
            best.append(holding)
    for index in sorted(largest):
        pair = largest[index]
        if sum(holding.output.amount for holding in pair) >= enough:
            return pair
    return []


def _make(
    wallet: Purse,
    request: Request,
    chosen: list[Holding],
    paid: list[Destination],
    subaddresses: set[bytes],
    *,
    change_to_self: bool,
) -> Draft:
    inputs = tuple(holding.output for holding in chosen)
    total = sum(output.amount for output in inputs)
    # A sweep leaves no change, but a transaction needs two outputs.
    outputs = len(paid) + 1 if change_to_self else max(len(paid), 2)
    fee = fee_for(request.estimate(len(inputs), outputs), request.fee_per_byte)
    main = wallet.address(request.account, 0).keys
    # A destination that is also the change address needs no key of its own (``classify_addresses``).
    distinct = {destination.keys for destination in paid} - {main}
    identity = wallet.identity([output.key_image for output in inputs])
    weight = request.format.weight(
        len(inputs),
        outputs,
        fee=fee,
        places=places_size(len(inputs), request.ring_places, identity),
        to_subaddresses=len(distinct) > 1 and not distinct.isdisjoint(subaddresses),
        extra=request.extra,
    )
    weight += varint_size(request.unlock_time) - 1
    exact = fee_for(weight, request.fee_per_byte)
    fee = max(fee, exact) if change_to_self else exact
    if not change_to_self:
        share, rest = divmod(max(total - fee, 0), len(paid))
        paid = [destination._replace(amount=share + (place < rest)) for place, destination in enumerate(paid)]
    change = total - fee - sum(destination.amount for destination in paid)
    if change < 0 or paid[-1].amount == 0:
        raise ServiceError(-16, "tx not possible")
    transaction = Transaction(identity, inputs, fee, weight, request.payment_id)
    transaction.unlock_time = request.unlock_time
    transaction.format = request.format
    # Without change the second output is a dummy to nobody (``construct_tx_with_tx_key``).
    own = main if change else bytes(64)
    made = [(destination.keys, destination.amount) for destination in paid]
    wallet.blockchain.owners.make_outputs(transaction, made if len(made) == outputs else [*made, (own, change)])
    wallet.blockchain.txpool.drafts[identity] = transaction
    sent = Sent(transaction, tuple(paid), wallet.blockchain.unix(wallet.blockchain.now()))
    wallet.drafts[identity] = sent
    return Draft(transaction, sent)
