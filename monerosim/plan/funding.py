"""What is asked of a funder: whom it pays, and how many blocks it has made before and after."""

from typing import Annotated

from msgspec import Meta

from monerosim.config import Amount, Config, Duration, duration

FUNDER_HOST = "funder"
"""The host that the compiler adds to pay the initial balances, and its group."""


def equal_shares(amount: int, outputs: int) -> list[int]:
    """Divide an amount, in atomic units, into as equal outputs as can be; none of them is empty."""
    whole, rest = divmod(amount, outputs)
    return [share for number in range(outputs) if (share := whole + (number < rest))]


class Payee(Config, frozen=True):
    """A participant whose wallet is paid its initial balance, or a part of it."""

    participant: str
    amount: Amount


class FundingConfig(Config, frozen=True):
    """The configuration of a funder, which the compiler makes; a funder's own has these fields at least."""

    payees: tuple[Payee, ...] = ()
    funding_blocks: Annotated[int, Meta(ge=0, description="Blocks mined before the payments.")] = 100
    unlock_blocks: Annotated[int, Meta(ge=0, description="Blocks mined after the payments.")] = 12
    block_interval: Annotated[Duration, Meta(description="The time between two blocks.")] = duration("2s")
