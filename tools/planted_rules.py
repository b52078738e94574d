"""Wrong rules that are planted in the program itself: whether the check that holds for the right ones refuses them.

    python tools/planted_rules.py [NAME ...] [--right]

Plays each at a point of a study where it changes most, and judges it as if nothing were wrong; prints the chance p of
what came out, the seeds and the seconds of the processor. With --right it plays what they are planted in, unchanged.
Exits with 3 where a wrong rule is not refused (p < 0.0001), or a right one is (p <= 0.001). Tests play the quicker ones
(tests/studies/test_planted_rules.py).
"""

import argparse
import resource
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from monerosim.ensemble.executors import Processes
from monerosim.ensemble.sweep import Sweep
from monerosim.studies.all.dandelion import Dandelion
from monerosim.studies.all.double_spend import DoubleSpend
from monerosim.studies.all.forks import Forks
from monerosim.studies.all.publish_or_perish import PublishOrPerish
from monerosim.studies.all.reorganisations import Reorganisations
from monerosim.studies.all.selfish_mining import SelfishMining, alpha_of, gamma, point
from monerosim.studies.conduct import conduct
from monerosim.studies.judgement import LEAST_P, judge, judge_case
from monerosim.studies.study import Case, Measures, Study, case
from monerosim.studies.withheld import Strategy, relative_revenue

REFUSED = 1e-4
"""A wrong rule must be less likely than this."""

RULES = Path(__file__).with_name("planted.py")
NOT_AS_EXPECTED = 3

Changes: TypeAlias = Mapping[str, object]


class Few(SelfishMining):
    """A selfish miner beside two honest ones."""

    scenario = Reorganisations.scenario


class Several(SelfishMining):
    """One beside six, so that few of them find the rival's block."""

    scenario = PublishOrPerish.scenario


class Trailing(Few):
    """One that goes on until it is more than three blocks behind."""

    is_counted = False

    def expected(self, point: Case, runs: Sequence[Measures]) -> float:
        """Return the long-run share by its Markov chain."""
        return relative_revenue(alpha_of(point), gamma(runs), Strategy(trail=3))


class Point(NamedTuple):
    """A point of a study."""

    study: type[Study]
    case: Case
    seeds: int


def _selfish(study: type[Study], alpha: float, followers: str) -> Point:
    return Point(study, point(alpha, followers, 0.4, {}), 10)


def _one_of(study: type[Study], size: float, seeds: int, labels: Mapping[str, object]) -> Point:
    (found,) = [it for it in study().cases(size) if labels.items() <= it.labels.items()]
    return Point(study, found, seeds)


ATTACKER = "participants.attacker."

RIGHT = {
    "nobody follows": _selfish(Few, 0.2, "nobody"),
    "all follow": _selfish(Several, 0.2, "all"),
    "much hashrate": _selfish(Few, 0.4, "nobody"),
    "trail": Point(Trailing, point(1 / 3, "nobody", 2, {ATTACKER + "trail": 3}), 20),
    "fluff": _one_of(Dandelion, 1, 24, {"version": "0.18.0.0", "fluff (%)": 20, "spies": 27}),
    "two confirmations": _one_of(DoubleSpend, 0.25, 16, {"hashrate": 0.2, "confirmations": 2}),
    "quick blocks": _one_of(Forks, 0.1, 10, {"block time (s)": 10, "delay (s)": 0.225}),
}
"""What wrong rules are planted in."""

PLANTED: dict[str, tuple[str, Changes]] = {
    "gamma mirrored": ("all follow", {"rules.use": "./planted.py:LastSeen"}),
    "gamma 0 as 0.5": ("nobody follows", {"rules.use": "uniform-tie-breaking"}),
    "ties by hash": ("nobody follows", {"rules.use": "./planted.py:LowestHash"}),
    "keeps the block that wins a tie": ("nobody follows", {ATTACKER + "equal_fork_stubborn": True}),
    "keeps the last block of its lead": ("nobody follows", {ATTACKER + "lead_stubborn": True}),
    "publishes at once": ("nobody follows", {ATTACKER + "release_at": 1}),
    "publishes a lead of two": ("much hashrate", {ATTACKER + "release_at": 2}),
    "a tenth more hashrate": ("much hashrate", {ATTACKER + "hashrate": 100 * 0.44 / 0.56}),
    "trail off by one": ("trail", {ATTACKER + "trail": 4}),
    "fluff 20 % as 13 %": ("fluff", {"network.dandelion.fluff_probability": 13}),
    "origins that always stem": ("fluff", {"network.version": "0.18.2.0"}),
    "confirmations off by one": (
        "two confirmations",
        {ATTACKER + "confirmations": 1, "participants.victim.confirmations": 1},
    ),
    "blocks passed on unverified": ("quick blocks", {"network.relay.block_verification.mean": "1ms"}),
}
"""Where each is planted, and how."""


def judged(folder: Path, meant: Point, planted: Changes) -> float:
    """Return how likely a point is by what it is meant to be, with something else played.

    Args:
        folder: Where its runs are kept.
        meant: The point.
        planted: What is changed in its scenario.

    Raises:
        RuntimeError: A run failed.
    """
    shutil.copy(RULES, folder)
    played = Case(meant.case.labels, {**meant.case.changes, **case({}, planted).changes})
    seeds = range(1, meant.seeds + 1)
    finding = conduct(meant.study(), folder, points=[played], seeds=seeds, executor=Processes(2))
    if finding.failures:
        raise RuntimeError(f"a run failed: {finding.failures[0]}")
    runs = [result.measures for result in Sweep(folder / "sweep").results()]
    return judge([judge_case(meant.study(), meant.case, runs)]).p


def main() -> int:
    """Play those that are asked for; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = ", ".join([*PLANTED, *RIGHT]).replace("%", "%%")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all if left out; {known}")
    parser.add_argument("--right", action="store_true", help="play what they are planted in")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in PLANTED and name not in RIGHT]
    if unknown:
        parser.error(f"there is no {', '.join(unknown)}")
    wrong = 0
    for name in asked.names or (RIGHT if asked.right else PLANTED):
        where, planted = PLANTED.get(name, (name, {}))
        before = _seconds()
        with tempfile.TemporaryDirectory() as folder:
            p = judged(Path(folder), RIGHT[where], planted)
        as_expected = p < REFUSED if planted else p > LEAST_P
        wrong += not as_expected
        said = "as expected" if as_expected else "NOT AS EXPECTED"
        print(f"{name:<34} p = {p:<8.2g} {RIGHT[where].seeds} seeds, {_seconds() - before:.0f} s: {said}", flush=True)
    return NOT_AS_EXPECTED if wrong else 0


def _seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())
