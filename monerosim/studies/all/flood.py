"""What a flood of transactions does to those who pay, by their fees."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import ClassVar

from monerosim.studies.study import Case, Measures, Study, case, mean
from monerosim.units import XMR

_BLOCK_TIME = 120.0
_HOURS = 12
_ROOM = 20
"""Transactions of 15,000 bytes in a block up to which no penalty is due (300,000 bytes)."""

_FLOODERS = 10

_TIERS = ("low", "usual", "high")


class Flood(Study):
    """The mean wait for a block of three groups that pay different fees, beside a flood at the usual fee."""

    name: ClassVar[str] = "flood"
    question: ClassVar[str] = "How long do payments wait under a flood, by their fee?"
    measure_name: ClassVar[str] = "mean wait (s)"
    source: ClassVar[str] = "a mean block time where there is room in the next block, whenever one pays"
    axis: ClassVar[str] = "flood"
    scenario: ClassVar[str] = f"""
[simulation]
name = "flood"

[consensus]
block_time = "{_BLOCK_TIME:g}s"

[consensus.start]

[network]
latency = "10ms"

# Each transaction as heavy as ten: the same blocks of a tenth of the transactions.
[rules]
use = {{ kind = "transaction-format", base = 14000, per_input = 500, per_output = 250 }}

[participants.miner]
kind = "mining-pool"
hashrate = 100

[participants.low]
kind = "transaction-bot"
priority = 1
transaction_interval = "299s"
amount = "0.001 XMR"
recipients = ["miner"]
wallet = {{ initial_balance = "1000 XMR", outputs = 60 }}

[participants.usual]
kind = "transaction-bot"
priority = 2
transaction_interval = "307s"
amount = "0.001 XMR"
recipients = ["miner"]
wallet = {{ initial_balance = "1000 XMR", outputs = 60 }}

[participants.high]
kind = "transaction-bot"
priority = 3
transaction_interval = "311s"
amount = "0.001 XMR"
recipients = ["miner"]
wallet = {{ initial_balance = "1000 XMR", outputs = 60 }}

[participants.flooder]
kind = "flooder"
count = {_FLOODERS}
stagger = "7s"
priority = 2
wallet = {{ initial_balance = "500 XMR", outputs = 100 }}

[participants.block-controller]
kind = "block-controller"
"""
    seeds: ClassVar[int] = 6

    def cases(self, size: float) -> Sequence[Case]:
        """Return floods of none, half and twice of what blocks hold without penalty, each as three tiers see it."""
        return [
            case(
                {"flood": flood, "fee": tier},
                {
                    "participants.flooder.interval": f"{_FLOODERS * _BLOCK_TIME / _ROOM / flood:g}s"
                    if flood
                    else "100h",
                    "simulation.duration": f"{max(1, round(_HOURS * size))}h",
                },
            )
            for flood in (0, 0.5, 2)
            for tier in _TIERS
        ]

    def measure(self, point: Case, run: Measures) -> float:
        """Return how long the payments of a tier waited; the length of the run, if no block has any."""
        whole = float(point.changes["simulation.duration"].strip('"h')) * 3600
        return run.get(f"waits.{point.labels['fee']}.mean", whole)

    def expected(self, point: Case, runs: Sequence[Measures]) -> float | None:
        """Return the mean block time for who pays more than a flood: there is room.

        There is for the others without a flood, but they wait for the same blocks in the same runs.
        """
        del runs
        return _BLOCK_TIME if point.labels["fee"] == "high" else None

    def observed(self, point: Case, runs: Sequence[Measures]) -> Mapping[str, float]:
        """Return how many payments it comes from, their mean fee, and how many transactions blocks had."""
        tier = f"waits.{point.labels['fee']}"
        paid = [run[f"{tier}.mean_fee"] / XMR for run in runs if f"{tier}.mean_fee" in run]
        mined = mean([sum(run.get(f"waits.{who}.n", 0.0) for who in (*_TIERS, "flooder")) for run in runs])
        return {
            "payments": mean([run.get(f"{tier}.n", 0.0) for run in runs]),
            "mean fee (XMR)": mean(paid) if paid else nan,
            "in a block": mined / mean([run["chain.blocks"] for run in runs]),
        }
