"""What spies find out of the origins of transactions, by their share of the network and by Dandelion++'s parameters."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from monerosim.studies.study import Case, Label, Measures, Study, case, mean

_USERS = 40
_SPIES = (5, 10, 27)
_ALWAYS_STEMS = "0.18.2.0"
_OLD = "0.18.0.0"
_HOURS = 2

_MAINNET = (
    "mainnet in April and May 2024: outgoing 0.15, least precision 0.035; what spies found out is not known "
    "(Rucknium, research-lab issue 126)"
)


class Dandelion(Study):
    """The share of payments whose first message to a spy is their origin's stem.

    Told heights stay right all the time, since no block is found: that a node finds nobody to stem to is another
    question. Each payer makes a payment an epoch, so that payments are independent as far as they may be.
    """

    name: ClassVar[str] = "dandelion"
    question: ClassVar[str] = "Of what share of the payments do spies get the stem from its origin?"
    measure_name: ClassVar[str] = "recall by stems"
    source: ClassVar[str] = (
        "the share of spies among outgoing connections, where the origin stems (Fanti et al. 2018, arXiv 1805.11060: "
        "no protocol can have less); before 0.18.2.0 it does not in its fluff epochs (monero PR 8627)"
    )
    axis: ClassVar[str] = "spies"
    scenario: ClassVar[str] = f"""
[simulation]
name = "dandelion"

[consensus]
block_time = "1000h"
block_arrivals = "fixed"

[record]
relays = ["spy"]

[participants.miner]
kind = "mining-pool"
hashrate = 100

[participants.user]
kind = "regular-user"
count = {_USERS}
transaction_interval = "630s"
wallet = {{ initial_balance = "100 XMR", outputs = 60 }}
max_amount = "0.1 XMR"

[participants.spy]
kind = "spy"
count = 10

[participants.block-controller]
kind = "block-controller"
"""

    def cases(self, size: float) -> Sequence[Case]:
        """Return three numbers of spies, each with three fluff probabilities and two versions."""
        return [
            case(
                {"version": version, "fluff (%)": fluff, "spies": spies},
                {
                    "participants.spy.count": spies,
                    "network.version": version,
                    "network.dandelion.fluff_probability": fluff,
                    "simulation.duration": f"{max(1, round(_HOURS * size * 3600))}s",
                },
            )
            for version in (_OLD, _ALWAYS_STEMS)
            for fluff in (0, 10, 20)
            for spies in _SPIES
        ]

    def measure(self, point: Case, run: Measures) -> float:
        """Return the recall by stems, less what chance has the spies' share of connections differ by."""
        del point
        return run["spies.stem_recall"]

    def expected(self, point: Case, runs: Sequence[Measures]) -> float:
        """Return the share of spies among outgoing connections, as far as origins stem."""
        stems = 1.0 if point.labels["version"] == _ALWAYS_STEMS else 1 - float(point.labels["fluff (%)"]) / 100
        return stems * mean([run["spies.outgoing"] for run in runs])

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return the spies' share of outgoing connections with its square, and what the first-spy estimator finds."""
        del point
        outgoing = [run["spies.outgoing"] for run in runs]
        return {
            "outgoing": mean(outgoing),
            "least precision": mean([share**2 for share in outgoing]),
            "precision": mean([run["spies.precision"] for run in runs]),
            "recall": mean([run["spies.recall"] for run in runs]),
        }

    def conclusion(self, points: Sequence[tuple[Mapping[str, Label], float]]) -> str:
        """Return what the first two columns are on mainnet."""
        del points
        return _MAINNET


_SURROUNDINGS: Mapping[str, Mapping[str, object]] = {
    "none": {},
    "10 black holes": {"participants.hole.count": 10},
    "10 black holes, embargo 10 s": {"participants.hole.count": 10, "network.dandelion.embargo": "10s"},
    "15 % reachable": {"network.unreachable": 0.85, "participants.spy.node.reach": "reachable"},
}


class DandelionAttacked(Dandelion):
    """The same where some nodes drop stems, where embargoes are shorter, and where few nodes can be dialled."""

    name: ClassVar[str] = "dandelion-attacked"
    axis: ClassVar[str] = "surroundings"
    question: ClassVar[str] = "Do black holes, short embargoes or unreachable nodes tell spies more?"
    scenario: ClassVar[str] = f"""{Dandelion.scenario}
[participants.hole]
kind = "black-hole"
count = 0
"""

    def cases(self, size: float) -> Sequence[Case]:
        """Return four surroundings, with ten spies."""
        wanted = {"version": _ALWAYS_STEMS, "fluff (%)": 20, "spies": 10}
        (usual,) = [it for it in super().cases(size) if it.labels == wanted]
        return [
            Case({"version": _ALWAYS_STEMS, "surroundings": name}, {**usual.changes, **case({}, changes).changes})
            for name, changes in _SURROUNDINGS.items()
        ]
