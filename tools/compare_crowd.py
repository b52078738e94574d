"""The same users as a crowd and as actors: whether what they do has the same distribution.

    python tools/compare_crowd.py DIRECTORY [--users 2000] [--seeds 1..20] [--minutes 60]

Plays both for each seed, unless DIRECTORY has their figures, and compares five distributions by Kolmogorov and
Smirnov's test: payments a minute, how long payments wait for locked coins, inputs of a payment, balances at the end,
and how often a user's payments were delayed. The chances are corrected for all five (Holm 1979): at 1 % a crowd that
is like the actors is refused once in a hundred times at most. Exits with 3 if it is refused.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
import numpy as np
from scipy import stats

from monerosim import run
from monerosim.events import CrowdClosed, PaymentDelayed, PaymentSent, WalletClosed
from monerosim.model.wallet_session import REFRESH_PERIOD
from monerosim.monero.fees import estimate_weight
from monerosim.results.compare import holm
from monerosim.runs import Run
from monerosim.scenario import parse
from monerosim.units import SECOND, XMR

GROUP = "people"
LEVEL = 0.01
_MOST_INPUTS = 40

Figures: TypeAlias = dict[str, list[float]]
"""Values by what they are of."""

NETWORK = """
[simulation]
name = "users"
duration = "{minutes}m"

[consensus]
block_time = "{block_time}"
start = "tail"

[record]
spreads = "quantiles"

[participants.pool]
kind = "mining-pool"
hashrate = 100

[participants.controller]
kind = "block-controller"

[participants.relays]
kind = "relay"
count = {nodes}

[participants.people]
transaction_frequency = {frequency}
min_amount = "0.1 XMR"
max_amount = "0.5 XMR"
"""

ACTORS = """kind = "regular-user"
count = {users}
node = "relays"
wallet = {{ initial_balance = "20 XMR" }}
"""

CROWD = """kind = "{kind}"
users = {users}
nodes = ["relays"]
initial_balance = "20 XMR"
"""


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What is played."""

    users: int
    minutes: int
    nodes: int
    frequency: float
    """Payments a user and minute."""
    block_time: str


FULL = Setting(users=2000, minutes=60, nodes=20, frequency=0.02, block_time="120s")
SMALL = Setting(users=60, minutes=50, nodes=3, frequency=0.5, block_time="60s")
"""Where a test has no time for more: all wait for their change most of the time."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One distribution, of the crowd beside that of the actors."""

    what: str
    values: tuple[int, int]
    means: tuple[float, float]
    distance: float
    """The largest difference of the two shares of values up to any limit."""
    chance: float
    """How often one as large comes by chance, corrected for all rows."""


def scenario(setting: Setting, kind: str) -> str:
    """Return the text of a scenario: ``actors``, or a crowd by the name of its behaviour."""
    given = {**msgspec.structs.asdict(setting), "kind": kind}
    return (NETWORK + (ACTORS if kind == "actors" else CROWD)).format(**given)


def play(setting: Setting, kind: str, seed: int, *changes: str) -> Figures:
    """Play a scenario, changed as by ``--set``, and return what its users did."""
    with tempfile.TemporaryDirectory() as directory:
        played = run(parse(scenario(setting, kind), seed=seed, changes=changes), Path(directory) / "run")
        return figures_of(played)


def figures_of(played: Run) -> Figures:
    """Return what the users of a run did, actors or a crowd's."""
    groups = {host.name: host.group for host in played.plan.hosts}
    records = [record for record in played.events() if groups.get(record.participant) == GROUP]
    minutes: Counter[int] = Counter()
    waits, fees, balances = [], [], []
    due: dict[tuple[str, str], int] = {}
    delayed: Counter[tuple[str, str]] = Counter()
    users = sum(1 if host.crowd is None else host.crowd.users for host in played.plan.hosts if host.group == GROUP)
    each: list[int] | None = None
    for record in records:
        who = record.participant, record.actor
        match record.data:
            case PaymentDelayed():
                due[who] = record.t
                delayed[who] += 1
            case PaymentSent(fee=fee):
                minutes[record.t // (60 * SECOND)] += 1
                fees.append(fee)
                if who in due:
                    # In which second of its 20 a wallet looks is its own, and that of a crowd the same for all.
                    waits.append((record.t - due.pop(who)) // REFRESH_PERIOD * REFRESH_PERIOD / SECOND)
            case WalletClosed(balance=balance):
                balances.append(balance)
            case CrowdClosed(balances=found):
                each = list(found)
            case _:
                pass
    weights = np.array([estimate_weight(inputs, 2) for inputs in range(1, _MOST_INPUTS)])
    inputs = [int(np.abs(weights / weights[0] - fee / min(fees)).argmin()) + 1 for fee in fees]
    own = [float(delayed[who]) for who in sorted(delayed)]
    return {
        "payments a minute": [float(minutes[it]) for it in range(played.plan.duration // (60 * SECOND))],
        "seconds that payments waited": waits,
        "inputs of a payment": [float(it) for it in inputs],
        "balance at the end (XMR)": [it / XMR for it in (balances if each is None else each)],
        "payments of a user delayed": own + [0.0] * (users - len(own)),
    }


def compare(crowd: Sequence[Figures], actors: Sequence[Figures]) -> list[Row]:
    """Compare all values of some runs with those of others."""
    pairs = {what: [[value for it in side for value in it[what]] for side in (crowd, actors)] for what in crowd[0]}
    tests = {what: stats.ks_2samp(*pair, method="asymp") for what, pair in pairs.items()}
    chances = holm({what: float(test.pvalue) for what, test in tests.items()})
    return [
        Row(
            what=what,
            values=(len(one), len(other)),
            means=(float(np.mean(one)), float(np.mean(other))),
            distance=float(tests[what].statistic),
            chance=chances[what],
        )
        for what, (one, other) in pairs.items()
    ]


def is_refused(rows: Sequence[Row]) -> bool:
    """Return whether some distribution differs."""
    return any(row.chance < LEVEL for row in rows)


def _cached(directory: Path, setting: Setting, kind: str, seed: int) -> Figures:
    name = "-".join(str(it) for it in (kind, *msgspec.structs.astuple(setting), seed))
    path = directory / f"{name}.json"
    if not path.exists():
        path.write_bytes(msgspec.json.encode(play(setting, kind, seed)))
        print(f"played {name}", file=sys.stderr, flush=True)
    return msgspec.json.decode(path.read_bytes(), type=Figures)


def main() -> None:
    """Compare a crowd with actors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, help="where the figures of runs are, or go")
    parser.add_argument("--users", type=int, default=FULL.users)
    parser.add_argument("--minutes", type=int, default=FULL.minutes)
    parser.add_argument("--seeds", default="1..20", help="from..to")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    first, _, last = options.seeds.partition("..")
    setting = msgspec.structs.replace(FULL, users=options.users, minutes=options.minutes)
    seeds = range(int(first), int(last or first) + 1)
    crowd, actors = ([_cached(options.directory, setting, kind, it) for it in seeds] for kind in ("crowd", "actors"))
    rows = compare(crowd, actors)
    print(f"{options.users} users, {options.minutes} min, {len(seeds)} seeds")
    print(f"{'':28}{'values':>16}{'mean':>22}{'distance':>10}{'chance':>8}")
    for row in rows:
        values, means = "{} / {}".format(*row.values), "{:.4f} / {:.4f}".format(*row.means)
        print(f"{row.what:28}{values:>16}{means:>22}{row.distance:>10.4f}{row.chance:>8.3f}")
    sys.exit(3 if is_refused(rows) else 0)


if __name__ == "__main__":
    main()
