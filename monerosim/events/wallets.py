"""What wallets hold."""

from monerosim.events.event import Event


class BalanceRecorded(Event, frozen=True):
    """What a wallet says that it holds, in atomic units."""

    balance: int
    unlocked: int


class RewardUnlocked(Event, frozen=True):
    """A miner's reward can be spent from now on."""

    txid: str
    amount: int
    height: int


class CrowdClosed(Event, frozen=True):
    """What each user of a crowd held at the end of the run; ``wallet-closed`` has them together."""

    balances: tuple[int, ...]
    """In the order of the users' numbers, confirmed on their nodes' chains, locked outputs included, atomic units."""


class WalletClosed(Event, frozen=True):
    """What a wallet held at the end of the run."""

    balance: int
    """Confirmed on the main chain, locked outputs included, atomic units."""
    unlocked: int
    in_flight: int
    """What its unconfirmed transactions will take from it, fees included."""
    received: int = 0
    """How many payments it sees in blocks, rewards of blocks not among them."""
    received_amount: int = 0
    """What they paid to it, atomic units."""
    blocks: int = 0
    """How many blocks of the main chain paid it their reward, those of the bootstrap not counted."""
    rewards: int = 0
    """What those rewards are together, atomic units."""
