"""What selfish mining gains, by hashrate, by how many follow it in ties, and by strategy."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from monerosim.studies.study import Case, Measures, Study, case, mean
from monerosim.studies.withheld import Strategy, eyal_sirer, relative_revenue

ALPHAS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 1 / 3, 0.4, 0.45)
FOLLOWERS: dict[str, tuple[str, ...]] = {"nobody": (), "half": ("near",), "all": ("near", "far")}
"""Whom the miner hands its block in a tie: nobody, half of the others, all."""

BLOCK_TIME = 120.0
"""Seconds between two blocks of all others together."""

_STEP = 1e-3
"""Half the difference of hashrate by which the slope of the closed form is taken."""

BLOCKS = 2000
"""Blocks that are found in a run, by all."""

NETWORK = """
[simulation]
name = "withheld"

[consensus]
block_time = "120s"

[network]
latency = "1ms"
connections = 4
relay = { block_verification = { mean = "80ms" } }
# Everybody but the attacker has a line of its own: it hears of blocks 25 ms before the others, and is heard as soon.
places = { near = { latency = "25ms" }, far = { latency = "25ms" } }

[participants.near]
kind = "mining-pool"
count = 9
hashrate = 5

[participants.far]
kind = "mining-pool"
count = 10
hashrate = 5

[participants.attacker]
kind = "selfish-miner"
hashrate = 50
node = { connections = 19 }

[participants.block-controller]
kind = "block-controller"
solo_miner_threshold = 0
"""


def point(alpha: float, followers: str, size: float, more: Mapping[str, object], **labels: str) -> Case:
    """Make a case of a share of the hashrate and of who is handed the attacker's block in ties."""
    duration = f"{round(BLOCKS * size * BLOCK_TIME * (1 - alpha))}s"
    changes: dict[str, object] = {
        "participants.attacker.hashrate": round(100 * alpha / (1 - alpha), 6),
        "participants.attacker.hand_to": list(FOLLOWERS[followers]),
        "participants.attacker.until": duration,
        "simulation.duration": duration,
        **more,
    }
    return case({**labels, "hashrate": round(alpha, 4), "handed to": followers}, changes)


def revenue(run: Measures) -> float:
    """Return the attacker's share of the blocks on the main chain, as wallets have them."""
    return _share(run, "blocks")


def found(run: Measures) -> float:
    """Return the attacker's share of all blocks that were published, stale ones included."""
    return _share(run, "blocks", "stale")


def _share(run: Measures, *kinds: str) -> float:
    ends = tuple(f".{kind}" for kind in kinds)
    everybody = sum(value for name, value in run.items() if name.startswith("miners.") and name.endswith(ends))
    return sum(run[f"miners.attacker.{kind}"] for kind in kinds) / everybody


def gamma(runs: Sequence[Measures]) -> float:
    """Return the share of the others' hashrate that had the attacker's block first in ties."""
    return mean([run.get("races.attacker.followers", 0.0) for run in runs])


def alpha_of(one: Case) -> float:
    """Return the attacker's share of the hashrate."""
    hashrate = float(one.changes["participants.attacker.hashrate"])
    return hashrate / (100 + hashrate)


class SelfishMining(Study):
    """Relative revenue against the share of the hashrate."""

    name: ClassVar[str] = "selfish-mining"
    question: ClassVar[str] = (
        "What share of the blocks does a selfish miner get, and from which hashrate on does it pay?"
    )
    measure_name: ClassVar[str] = "relative revenue"
    source: ClassVar[str] = "Eyal and Sirer, doi 10.1007/978-3-662-45472-5_28, at the gamma measured in the runs"
    axis: ClassVar[str] = "hashrate"
    scenario: ClassVar[str] = NETWORK
    is_counted: ClassVar[bool] = True
    """Whether the attacker publishes all that it finds, at last, so that its blocks can be counted."""

    def cases(self, size: float) -> Sequence[Case]:
        """Return nine shares of the hashrate, each with three gammas."""
        return [point(alpha, followers, size, {}) for followers in FOLLOWERS for alpha in ALPHAS]

    def measure(self, point: Case, run: Measures) -> float:
        """Return the attacker's share of the main chain, without what it has because it found more blocks or fewer.

        This is a control variate: most of the variance is luck in finding blocks, whose mean is known. What luck adds
        is reckoned by the slope of the closed form.
        """
        if not self.is_counted:
            return revenue(run)
        alpha, followers = alpha_of(point), gamma([run])
        slope = (eyal_sirer(alpha + _STEP, followers) - eyal_sirer(alpha - _STEP, followers)) / (2 * _STEP)
        return revenue(run) - slope * self.luck(point, run)

    def luck(self, point: Case, run: Measures) -> float:
        """Return by how much the attacker's share of the blocks found is above its share of the hashrate."""
        return found(run) - alpha_of(point) if self.is_counted else 0.0

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the closed form."""
        return eyal_sirer(alpha_of(point), gamma(runs))

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return gamma as it was in the runs, and the attacker's share of the blocks found."""
        del point
        known = {"gamma": gamma(runs)}
        return known | {"found": mean([found(run) for run in runs])} if self.is_counted else known


_STRATEGIES: dict[str, tuple[Strategy, dict[str, object]]] = {
    "lead": (Strategy(lead_stubborn=True), {"participants.attacker.lead_stubborn": True}),
    "equal fork": (Strategy(equal_fork_stubborn=True), {"participants.attacker.equal_fork_stubborn": True}),
    "trail 1": (Strategy(trail=1), {"participants.attacker.trail": 1}),
    "release at 2": (Strategy(release_at=2), {"participants.attacker.release_at": 2}),
}


class StubbornMining(SelfishMining):
    """The same for other strategies."""

    name: ClassVar[str] = "stubborn-mining"
    question: ClassVar[str] = "Does stubbornness, or caution, gain more than the strategy of Eyal and Sirer?"
    source: ClassVar[str] = (
        "the strategy's Markov chain (monerosim/studies/withheld.py), at the gamma measured in the runs; strategies: "
        "Nayak et al., doi 10.1109/EuroSP.2016.32"
    )
    is_counted: ClassVar[bool] = False

    def cases(self, size: float) -> Sequence[Case]:
        """Return four strategies, each at three shares of the hashrate and three gammas."""
        return [
            point(alpha, followers, size, more, strategy=name)
            for name, (_, more) in _STRATEGIES.items()
            for followers in FOLLOWERS
            for alpha in (0.25, 1 / 3, 0.4)
        ]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float:
        """Return the long-run share by the strategy's Markov chain."""
        strategy, _ = _STRATEGIES[str(point.labels["strategy"])]
        return relative_revenue(alpha_of(point), gamma(runs), strategy)
