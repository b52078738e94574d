"""The bootstrap: how many blocks and payments it takes until the initial balances are there to spend.

On real daemons the chain starts empty, so before a scenario's own time the funder mines blocks quickly, pays, and
mines until the payments have unlocked. Everything here is an upper bound: what is left of the time is waited.
"""

from collections.abc import Sequence

import msgspec

from monerosim.monero.constants import COINBASE_UNLOCK, MAX_RECIPIENTS, SPENDABLE_AGE
from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.monero.fees import RING_SIZE
from monerosim.plan.plan import BootstrapPlan
from monerosim.units import SECOND, XMR, format_amount

LEAST_BLOCKS = 110
"""Below 75, rings of 16 find too few unlocked outputs. Somewhat above, the decoy picker of monero-wallet-rpc 0.18.0.0
can search without end (seen at 85 blocks, not from 104 on)."""

MOST_BLOCKS = 100_000
"""More would take a real daemon hours of hashing (0.14 s a block, measured)."""

SHARE_LIMIT = 200 * XMR
"""The most one recipient gets at once, so that a payment to fifteen takes about ninety early block rewards: half of the
inputs that a transaction can hold."""

FEE_BOUND = XMR
"""More than a hundred inputs cost at the default priority (0.4 XMR while a block's reward is 35 XMR)."""

PAYMENT_TIME = SECOND
"""The time allowed for each payment; a real wallet proves one in less."""

PAYMENT_MARGIN = 30 * SECOND
"""The time allowed for the funder to see its coins unlocked, for the last payment to reach the miner, and for those who
are paid to see it: by itself a wallet looks for new blocks every 20 seconds."""

GRID = 10 * SECOND
"""A bootstrap's length is a multiple of it, to be easy to read."""


class Payee(msgspec.Struct, frozen=True, kw_only=True):
    """A participant whose wallet gets (a part of) its initial balance."""

    participant: str
    amount: int


def divide(payees: Sequence[Payee]) -> list[Payee]:
    """Divide large balances, so that any fifteen of the result in a row fit in one transaction."""
    shares = []
    for payee in payees:
        whole, rest = divmod(payee.amount, SHARE_LIMIT)
        amounts = [SHARE_LIMIT] * whole + [rest] * (rest > 0)
        shares += [msgspec.structs.replace(payee, amount=share) for share in amounts]
    return shares


def plan_bootstrap(
    payees: Sequence[Payee],
    start: int,
    block_interval: int,
    supply: int = GENESIS_REWARD,
    ring_size: int = RING_SIZE,
) -> BootstrapPlan:
    """Compute the phases of a bootstrap that pays ``payees``.

    Args:
        payees: Who gets how much.
        start: When the funder begins to mine, in microseconds since the run's start.
        block_interval: The time between two of its blocks, in microseconds.
        supply: The coins that the chain begins with, atomic units. If they are more than the genesis block's, the
            funder has what it pays from them, an output for each payment: rewards might take it years.
        ring_size: How many unlocked outputs there have to be before it pays; a block brings one.

    Raises:
        ValueError: There cannot be, or not in a sensible time, as many coins.
    """
    total = sum(payee.amount for payee in payees)
    least = max(LEAST_BLOCKS, ring_size + COINBASE_UNLOCK + 2)
    if supply > GENESIS_REWARD:
        return _endowed(payees, start, block_interval, supply, least)
    shares = sum(-(-payee.amount // SHARE_LIMIT) for payee in payees)
    payments = -(-shares // MAX_RECIPIENTS)
    # A payment's change is locked while the next ones are made: at worst all but nothing of two inputs.
    change = 2 * base_reward(GENESIS_REWARD)
    blocks = _blocks_for(total + payments * (FEE_BOUND + change))
    if blocks is None:
        raise ValueError(
            f"the initial balances add up to {format_amount(total)}: "
            f"even {MOST_BLOCKS} blocks do not pay as much, lower them"
        )
    return BootstrapPlan(
        start=start,
        block_interval=block_interval,
        funding_blocks=max(least, blocks + COINBASE_UNLOCK + 2),
        payments=payments,
        unlock_blocks=SPENDABLE_AGE + 3 + _blocks_to_hold(payments, blocks),
    )


def _endowed(payees: Sequence[Payee], start: int, block_interval: int, supply: int, least: int) -> BootstrapPlan:
    shares = [share.amount for share in divide(payees)]
    batches = [sum(shares[first : first + MAX_RECIPIENTS]) for first in range(0, len(shares), MAX_RECIPIENTS)]
    endowment = (max(batches, default=0) + FEE_BOUND,) * len(batches)
    if sum(endowment) > supply - GENESIS_REWARD:
        raise ValueError(
            f"the initial balances take {format_amount(sum(endowment))}, fees included: "
            f"more than the {format_amount(supply)} that the chain begins with"
        )
    return BootstrapPlan(
        start=start,
        block_interval=block_interval,
        funding_blocks=least,
        payments=len(batches),
        unlock_blocks=SPENDABLE_AGE + 3 + _blocks_to_hold(len(batches), 2 * len(batches)),
        endowment=endowment,
    )


def bootstrap_length(plan: BootstrapPlan) -> int:
    """Compute how long a bootstrap takes from the run's start, in microseconds: at most this, a multiple of 10 s."""
    mining = (plan.funding_blocks + plan.unlock_blocks) * plan.block_interval
    return round_up(plan.start + mining + plan.payments * PAYMENT_TIME + PAYMENT_MARGIN)


def round_up(microseconds: int) -> int:
    """Round up to a multiple of :data:`GRID`."""
    return -(-microseconds // GRID) * GRID


def _blocks_for(amount: int) -> int | None:
    """Count the blocks from the first on whose rewards add up to ``amount``; None if they are too many."""
    generated, found = GENESIS_REWARD, 0
    for count in range(MOST_BLOCKS):
        if found >= amount:
            return count
        reward = base_reward(generated)
        found += reward
        generated += reward
    return None


def _blocks_to_hold(payments: int, inputs: int) -> int:
    """Count the blocks that hold the payments, each block half of what is free of penalty (300 kB)."""
    weight = 6_000 * payments + 750 * inputs
    return -(-weight // 150_000)
