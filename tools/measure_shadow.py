"""Measure a run on Shadow: time, peak memory, and CPU by program.

    python tools/measure_shadow.py [SCENARIO] [-o DIRECTORY] [--force]    a whole run
    python tools/measure_shadow.py --clock                                start-up with and without the clock setting

The programs are sampled in /proc five times a second, so their last fifth of a second is not counted.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec

from monerosim.build.binaries import BinaryError
from monerosim.build.build import build_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.engine import EngineError, load_engine
from monerosim.events import PaymentSent
from monerosim.plan.plan import Plan
from monerosim.plugins import PluginFiles
from monerosim.runs import Run, RunError, new_directory, play
from monerosim.scenario import ScenarioError, load
from monerosim.units import SECOND

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
INTERVAL = 0.2
MEMORY_EVERY = 25
"""Samples of the CPU between two of the memory, which cost more."""

KINDS = {"monerod": "monerod", "monero-wallet-r": "monero-wallet-rpc", "python": "agents", "shadow": "Shadow"}
"""Names of processes in the kernel (truncated to 15 characters), and their names in the table."""

DOUBT = "is in doubt"
"""The text in a wallet's trace for a payment whose answer did not come."""

CLOCK_SETTINGS = {"with (1 us)": "1 us", "without (10 ns)": "10 ns"}
CLOCK_STOP = 45 * SECOND


class Use(msgspec.Struct):
    """The resources that processes of one kind used."""

    count: int = 0
    cpu: float = 0.0
    """Seconds."""
    peak: int = 0
    """Bytes at the peak of all processes together; shared pages are divided among their users (PSS)."""


class Meter:
    """Samples Shadow and all that it starts below this process, until stopped."""

    def __init__(self) -> None:
        self._cpu: dict[tuple[int, str], float] = {}
        self._kinds: dict[tuple[int, str], str] = {}
        self._peaks: Counter[str] = Counter()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def uses(self) -> dict[str, Use]:
        """Return the resources that each kind used."""
        uses: dict[str, Use] = {}
        for key, kind in self._kinds.items():
            use = uses.setdefault(kind, Use(peak=self._peaks[kind]))
            use.count += 1
            use.cpu += self._cpu[key]
        return uses

    def _run(self) -> None:
        looks = 0
        while not self._stop.wait(INTERVAL):
            seen = self._look()
            if looks % MEMORY_EVERY == 0:
                self._weigh(seen)
            looks += 1

    def _look(self) -> list[tuple[int, str]]:
        """Record the CPU time of Shadow and its descendants."""
        stats = {stat.pid: stat for path in Path("/proc").glob("[0-9]*") if (stat := _read_stat(path)) is not None}
        own = {os.getpid()}
        seen = []
        for pid in sorted(stats):
            chain = [pid]
            while (parent := stats[chain[-1]].parent if chain[-1] in stats else 0) and parent not in own:
                chain.append(parent)
            kind = next((name for start, name in KINDS.items() if stats[pid].name.startswith(start)), None)
            simulated = any(one in stats and stats[one].name == "shadow" for one in chain)
            if parent in own and simulated and kind is not None:
                key = pid, stats[pid].began
                # A name changes when a process becomes another program.
                self._kinds[key], self._cpu[key] = kind, stats[pid].cpu
                seen.append(key)
        return seen

    def _weigh(self, seen: list[tuple[int, str]]) -> None:
        weights: Counter[str] = Counter()
        for key in seen:
            weights[self._kinds[key]] += _proportional_memory(key[0])
        if weights.total() > self._peaks.total():
            self._peaks = weights


class _Stat(msgspec.Struct):
    pid: int
    name: str
    parent: int
    cpu: float
    began: str


def _read_stat(path: Path) -> _Stat | None:
    try:
        text = (path / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return _Stat(int(path.name), name, int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK, fields[19])


def _proportional_memory(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def print_uses(uses: dict[str, Use]) -> None:
    """Print a table of resources by kind of process."""
    cpu, peak = sum(use.cpu for use in uses.values()), sum(use.peak for use in uses.values())
    print(f"{'':20}{'number':>8}{'CPU (s)':>10}{'share':>8}{'memory (MB)':>13}")
    for kind, use in sorted(uses.items()):
        print(f"{kind:20}{use.count:8}{use.cpu:10.1f}{use.cpu / cpu:8.1%}{use.peak / 1e6:13,.0f}")
    print(f"{'together':20}{sum(use.count for use in uses.values()):8}{cpu:10.1f}{'':8}{peak / 1e6:13,.0f}")


def measure_run(scenario: Path, directory: Path, *, force: bool = False) -> None:
    """Run a scenario on Shadow and print its cost; ``force`` replaces an existing run in the directory."""
    plan, sources = _shadow_plan(scenario)
    write_run_directory(plan, scenario.read_bytes(), directory, force=force, plugins=sources)
    began = time.monotonic()
    with Meter() as meter:
        run = play(directory)
    took = time.monotonic() - began
    print_uses(meter.uses())
    simulated = plan.stop / SECOND
    print(f"simulated {simulated:,.0f} s (bootstrap included) in {took:,.0f} s: {simulated / took:.1f} times real time")
    _print_payments(plan, run)


def _print_payments(plan: Plan, run: Run) -> None:
    users = {host.name for host in plan.hosts if any(actor.use == "regular-user" for actor in host.actors)}
    paid = Counter(record.participant for record in run.events() if isinstance(record.data, PaymentSent))
    least = min((paid[user] for user in users), default=0)
    print(f"{sum(paid[user] > 0 for user in users)} of {len(users)} users have paid; payments a user: at least {least}")
    summary = run.summary
    made = summary.transactions
    print(f"payments {made.sent}, confirmed {made.confirmed}, failed {made.failed}, vanished {len(made.vanished)}")
    doubts = sum(DOUBT in line.text for line in run.traces(actors=("wallet",)))
    print(f"failures {summary.failures}, given up {len(summary.given_up)}, transfers that were in doubt {doubts}")
    print(f"height {summary.height}, unaccounted {summary.unaccounted}, digest {summary.digest}")


def measure_clock(scenario: Path, directory: Path) -> None:
    """Print the cost of starting daemons and wallets with and without the clock setting, side by side."""
    plan, sources = _shadow_plan(scenario)
    plan = _only_early(plan)
    results = {}
    for number, (title, latency) in enumerate(CLOCK_SETTINGS.items()):
        run = directory / f"clock-{number}"
        options = {"experimental": {"unblocked_vdso_latency": latency}, "general": {"stop_time": f"{CLOCK_STOP} us"}}
        shadow = msgspec.structs.replace(plan.shadow, **options)
        write_run_directory(msgspec.structs.replace(plan, shadow=shadow), b"", run, plugins=sources)
        command = [shutil.which("shadow") or "shadow", str(run / "shadow.yaml")]
        with Meter() as meter, (run / "shadow.log").open("wb") as log:
            subprocess.run(command, stdout=log, stderr=log, check=True)  # noqa: S603  (the user's Shadow)
        results[title] = meter.uses()
    print(f"CPU seconds a process until {CLOCK_STOP // SECOND} s, by experimental.unblocked_vdso_latency:")
    print(f"{'':20}{'number':>8}" + "".join(f"{title:>18}" for title in results))
    for kind in ("monerod", "monero-wallet-rpc"):
        uses = [uses.get(kind, Use()) for uses in results.values()]
        row = "".join(f"{use.cpu / max(1, use.count):18.2f}" for use in uses)
        print(f"{kind:20}{max(use.count for use in uses):8}{row}")


def _only_early(plan: Plan) -> Plan:
    """Leave out the agents and all that starts after the daemons and wallets."""
    hosts = []
    for host in plan.hosts:
        early = tuple(process for process in host.processes if process.start < CLOCK_STOP and process.runs_to_end)
        hosts += [msgspec.structs.replace(host, processes=early)] if early else []
    return msgspec.structs.replace(plan, hosts=tuple(hosts))


def _shadow_plan(scenario: Path) -> tuple[Plan, Mapping[str, bytes]]:
    files = PluginFiles(scenario.parent)
    plan = build_plan(load(scenario, changes=["simulation.engine=shadow"]), scenario.parent, files)
    load_engine(plan.engine).check(plan)
    return plan, files.sources


def main() -> None:
    """Measure the scenario or the clock setting, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "scenario",
        nargs="?",
        type=Path,
        help="what is played; scenarios/hundred-users.toml if left out, with --clock scenarios/smoke.toml",
    )
    parser.add_argument("-o", "--output", type=Path, help="the run directory; a new one in ./runs if left out")
    parser.add_argument("-f", "--force", action="store_true", help="replace a run that is there, with all its results")
    parser.add_argument("--clock", action="store_true", help="compare start-up with and without the clock setting")
    options = parser.parse_args()
    try:
        if options.clock:
            with tempfile.TemporaryDirectory() as folder:
                measure_clock(options.scenario or ROOT / "scenarios" / "smoke.toml", Path(folder))
            return
        scenario = options.scenario or ROOT / "scenarios" / "hundred-users.toml"
        measure_run(scenario, options.output or new_directory(scenario.stem), force=options.force)
    except (ScenarioError, BinaryError, EngineError, RunDirectoryError, RunError) as error:
        parser.exit(1, f"{error}\n")


if __name__ == "__main__":
    main()
