"""Formats of transactions: FCMP++ as it is planned, and any whose weight is linear in inputs and outputs."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Annotated

from msgspec import Meta

from monerosim.config import Duration, Key, duration
from monerosim.model.formats import TransactionFormat
from monerosim.monero.constants import COINBASE_UNLOCK, SPENDABLE_AGE
from monerosim.monero.fees import PAYMENT_ID, RING_SIZE, clawback, varint_size
from monerosim.rules.rule import Rule
from monerosim.units import SECOND, format_duration

_SLOWEST = 60 * SECOND

_PAIR = 2
"""Outputs of a transaction that share a key."""

_MEMBERSHIP = 5_056
"""Bytes of a membership proof of one input in a tree of seven layers (``PROOF_LEN_TABLE`` in src/fcmp_pp/proof_len.h);
weights count with seven layers whatever the tree has."""

_SPEND = 96 + 32 + 384
"""Bytes of an input's tuple, its pseudo-output, and its proofs of spend authorisation and linkability."""


class FcmpFormat(TransactionFormat):
    """Full-chain membership proofs: the weights of ``get_fcmp_pp_transaction_weight_v1``.

    src/cryptonote_basic/cryptonote_format_utils.cpp of the branch fcmp++ of seraphis-migration/monero (2025). A proof
    is checked in a time that grows with the inputs, rounded up to a power of two; so does its weight.
    """

    ring_size = 1
    max_inputs = 8

    def __init__(self, slower: int) -> None:
        self.slower = slower

    def estimate(self, inputs: int, outputs: int, extra: int = 0) -> int:
        """Return the weight without the surcharge for range proofs."""
        del extra
        said = (33 if outputs == _PAIR else 2 + 32 * outputs) + PAYMENT_ID
        prefix = 4 + inputs * 35 + outputs * 53 + varint_size(said) + said
        base = 1 + 10 + outputs * 40
        ranges = 32 * (6 + 2 * (6 + (outputs - 1).bit_length())) + 3
        padded = 1 << max(inputs - 1, 0).bit_length()
        return prefix + base + ranges + inputs * _SPEND + 5 + 1 + padded * _MEMBERSHIP

    def weight(self, inputs: int, outputs: int, *, fee: int, places: int, to_subaddresses: bool, extra: int = 0) -> int:
        """Return the weight, which inputs and outputs alone decide."""
        del fee, places, to_subaddresses
        return self.estimate(inputs, outputs, extra) + clawback(outputs)


class FcmpPlusPlus(Rule, frozen=True, kw_only=True):
    """Transactions with full-chain membership proofs (FCMP++): no rings, and up to eight inputs.

    One of one input and two outputs weighs 6,498 bytes. Up to 16 outputs, as now: the branch's limit of eight would
    change what payers do.
    """

    slower: Annotated[
        Duration,
        Meta(description="How much longer than a usual transaction one takes to verify: 38 ms on a Ryzen 7950X3D."),
    ] = duration("0s")

    def problems(self) -> Iterable[tuple[Sequence[Key], str]]:
        """Check the time."""
        yield from _slow(self.slower)

    def format(self) -> TransactionFormat:
        """Return the format."""
        return _fcmp(int(self.slower))


@cache
def _fcmp(slower: int) -> FcmpFormat:
    return FcmpFormat(slower)


class LinearFormat(Rule, frozen=True, kw_only=True):
    """Transactions of a weight that grows evenly with their inputs and outputs, and locks of one's own."""

    base: Annotated[int, Meta(ge=100, le=100_000, description="Bytes of any transaction.")]
    per_input: Annotated[int, Meta(ge=0, le=100_000, description="Bytes more for each output that it spends.")]
    per_output: Annotated[int, Meta(ge=0, le=100_000, description="Bytes more for each output that it creates.")]
    ring_size: Annotated[
        int, Meta(ge=1, le=1000, description="Outputs that have to be in the chain before anybody can pay.")
    ] = RING_SIZE
    spendable_age: Annotated[
        int, Meta(ge=1, le=SPENDABLE_AGE, description="Blocks until an output of a transaction can be spent.")
    ] = SPENDABLE_AGE
    coinbase_unlock: Annotated[
        int, Meta(ge=1, le=COINBASE_UNLOCK, description="Blocks until an output of a coinbase can be spent.")
    ] = COINBASE_UNLOCK
    slower: Annotated[Duration, Meta(description="How much longer than a usual transaction one takes to verify.")] = (
        duration("0s")
    )

    def problems(self) -> Iterable[tuple[Sequence[Key], str]]:
        """Check the time."""
        yield from _slow(self.slower)

    def format(self) -> TransactionFormat:
        """Return the format."""
        return _linear(self)


class _Linear(TransactionFormat):
    def __init__(self, rule: LinearFormat) -> None:
        self.ring_size = rule.ring_size
        self.spendable_age = rule.spendable_age
        self.coinbase_unlock = rule.coinbase_unlock
        self.slower = int(rule.slower)
        self._rule = rule

    def estimate(self, inputs: int, outputs: int, extra: int = 0) -> int:
        return self._rule.base + inputs * self._rule.per_input + outputs * self._rule.per_output + extra

    def weight(self, inputs: int, outputs: int, *, fee: int, places: int, to_subaddresses: bool, extra: int = 0) -> int:
        del fee, places, to_subaddresses
        return self.estimate(inputs, outputs, extra)

    def surcharge(self, outputs: int) -> int:
        del outputs
        return 0


@cache
def _linear(rule: LinearFormat) -> _Linear:
    return _Linear(rule)


def _slow(slower: Duration) -> Iterable[tuple[Sequence[Key], str]]:
    if not 0 <= slower <= _SLOWEST:
        yield ("slower",), f"it has to be at most {format_duration(_SLOWEST)}"
