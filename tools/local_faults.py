"""Play a small scenario on the local engine, and have programs die and a letter be damaged on the way.

    python tools/local_faults.py            # seed 1, about five minutes
    python tools/local_faults.py --seed 7
    python tools/local_faults.py --full-disk

What happens when, and to whom, is drawn from the seed. Afterwards the run must have ended in order, every death and
every new start must be in its events, what was damaged must lie in `bad`, and its summary, report and trace must be
readable. With `--full-disk` the run has a small disk of its own (`unshare`), which is full from some second on: the run
must end with one line that says so. Exits with code 1 if something of this is not so. Needs monerod and
monero-wallet-rpc on PATH.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from monerosim.events import BootstrapFinished, ProcessDied, ProcessRestarted
from monerosim.events.log import read_events
from monerosim.runs import Run
from monerosim.runtime.rng import Rng, stable_seed
from monerosim.swarm.inspection import inspect

SCENARIO = """
[simulation]
engine = "local"
bootstrap = "200s"
duration = "2m"
cooldown = "20s"
bootstrap_block_interval = "200ms"

[consensus]
block_time = "6s"
block_arrivals = "fixed"

[participants.miner]
kind = "mining-pool"
hashrate = 100
restarts = { backoff = "1s" }

[participants.user]
kind = "regular-user"
wallet = { initial_balance = "20 XMR", outputs = 8 }
transaction_interval = "10s"
check_interval = "3s"
restarts = { backoff = "1s" }

[participants.marketplace]
kind = "marketplace"
node = "miner"
wallet = { addresses = 2 }
check_interval = "3s"
restarts = { backoff = "1s" }

[participants.block-controller]
kind = "block-controller"
"""

PROGRAM = [sys.executable, "-P", "-c", "from monerosim.cli import main; main()"]
PROCESSES = ("miner/monerod", "user/monerod", "user/wallet", "marketplace/wallet")
DAMAGED = ("{", '{"kind": "order"}', "\0" * 40, "[" * 5000)
BEFORE_END = 50
"""Seconds before the planned end in which nothing happens, so that what was killed comes back."""


class Mishap(msgspec.Struct, frozen=True, order=True):
    """Something that happens to a run."""

    at: int
    """Seconds after the bootstrap."""
    what: str
    """``kill``, ``damaged letter`` or ``full disk``."""
    whom: str
    """A program's directory, a host, or nobody."""


FULL_DISK = Mishap(20, "full disk", "")
FILLER = "filler"
DISK = "1500m"
"""What the chains of two daemons and the logs take, and some more."""


def draw(seed: int) -> list[Mishap]:
    """Draw what happens: two programs are killed, and a letter is damaged."""
    rng = Rng(stable_seed("local faults", seed))
    first = rng.choice(PROCESSES)
    killed = [first, rng.choice([name for name in PROCESSES if name != first])]
    wanted = [*(("kill", name) for name in killed), ("damaged letter", rng.choice(["user", "marketplace"]))]
    return sorted(Mishap(rng.integer(2, 120 - BEFORE_END), what, whom) for what, whom in wanted)


def processes(directory: Path) -> Iterator[tuple[int, str]]:
    """List the processes that have to do with a directory, and their command lines."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(directory) in command:
                yield int(entry.name), command


def befall(run: Path, mishap: Mishap) -> str:
    """Have it happen, and return what cannot be done about it; an empty text if it was."""
    if mishap.what == "full disk":
        fill(run.parent / FILLER)
        return ""
    if mishap.what == "damaged letter":
        box = run / "shared" / "mailbox" / mishap.whom
        text = DAMAGED[mishap.at % len(DAMAGED)]
        (box / "tmp" / "odd.json").write_text(text)
        (box / "tmp" / "odd.json").rename(box / "new" / f"{mishap.at:020}-miner-{mishap.at:010}.json")
        return ""
    found = [pid for pid, command in processes(run) if f"hosts/{mishap.whom}" in command]
    if not found:
        return f"there is no process of {mishap.whom}"
    os.kill(found[0], signal.SIGKILL)
    return ""


def fill(path: Path) -> None:
    """Leave no room on a disk, not even a byte."""
    with path.open("ab", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            with suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def play(folder: Path, mishaps: list[Mishap]) -> tuple[int, str, list[str]]:
    """Play the scenario while all this happens; return exit code, errors, and what could not be done."""
    (folder / "scenario.toml").write_text(SCENARIO)
    run, failed = folder / "run", list[str]()
    # Not on the run's disk, which may be full.
    with tempfile.TemporaryFile() as file:
        command = [*PROGRAM, "run", "scenario.toml", "-q", "--no-report", "-o", "run"]
        player = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=file)
        while not is_begun(run) and player.poll() is None:
            time.sleep(0.5)
        begun = time.monotonic()
        if player.poll() is not None:
            failed.append("the run ended before its bootstrap")
            mishaps = []
        for mishap in mishaps:
            time.sleep(max(0.0, begun + mishap.at - time.monotonic()))
            failed += filter(None, [befall(run, mishap)])
            print(f"{time.monotonic() - begun:4.0f} s: {mishap.what}, {mishap.whom}", flush=True)
        while player.poll() is None:
            if FULL_DISK in mishaps:
                # Whatever somebody has given back.
                fill(run.parent / FILLER)
            time.sleep(0.5)
        (run.parent / FILLER).unlink(missing_ok=True)
        file.seek(0)
        return player.returncode, file.read().decode(errors="replace"), failed


def is_begun(run: Path) -> bool:
    """Return whether the bootstrap is over."""
    logs = (run / "hosts").glob("*/events.jsonl")
    return any(isinstance(record.data, BootstrapFinished) for log in logs for record in read_events(log))


def untold(directory: Path, mishap: Mishap) -> Iterator[str]:
    """Return what the run does not tell of a mishap."""
    host, _, program = mishap.whom.partition("/")
    if mishap.what == "kill":
        events = [record.data for record in Run(directory).events() if record.participant == host]
        if ProcessDied(program, -signal.SIGKILL) not in events:
            yield f"the death of {mishap.whom} is not told"
        if not any(isinstance(it, ProcessRestarted) and it.process == program for it in events):
            yield f"{mishap.whom} was not started again"
    if mishap.what == "damaged letter":
        bad = directory / "shared" / "mailbox" / host / "bad"
        if not list(bad.glob("*.reason")):
            yield f"the damaged letter of {host} has no reason beside it"


def wrong(folder: Path, mishaps: list[Mishap], code: int, errors: str) -> Iterator[str]:
    """List what is not as it has to be."""
    directory = folder / "run"
    if code not in (0, 1) or "Traceback" in errors:
        yield f"the run ended with {code}: {errors[-1500:]}"
    left = dict(processes(directory))
    if left:
        yield f"processes are left: {left}"
    for mishap in mishaps:
        yield from untold(directory, mishap)
    if FULL_DISK in mishaps and (code != 1 or "No space left on device" not in errors):
        yield f"the full disk is not told: {errors[-500:]}"
    for command, *options in (("report", "--summary"), ("trace",)):
        done = subprocess.run(
            [*PROGRAM, command, "run", *options], cwd=folder, check=False, capture_output=True, text=True
        )
        if done.returncode or "Traceback" in done.stderr:
            yield f"{command} ends with {done.returncode}: {done.stderr[-500:]}"
    yield from (f"{fault.kind}: {fault.detail}" for fault in inspect(directory).faults)


def main() -> int:
    """Play one seed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="what happens is drawn from it")
    parser.add_argument("--full-disk", action="store_true", help="have the disk be full instead")
    parser.add_argument("--mounted", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    seed, mishaps = options.seed, [FULL_DISK] if options.full_disk else draw(options.seed)
    if options.full_disk and not options.mounted:
        as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = ["unshare", "--mount", *as_root, sys.executable, __file__, "--full-disk", "--mounted"]
        return subprocess.run(command, check=False).returncode
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        if options.mounted:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", folder], check=True)
        code, errors, faults = play(folder, mishaps)
        faults += wrong(folder, mishaps, code, errors)
        summary = Run(folder / "run").summary
        print(
            f"seed {seed}: exit code {code}, {'completed' if summary.completed else summary.failure or 'ended early'}"
        )
        for group, it in summary.requests.items():
            print(f"{group}: {it.sent} sent, {it.confirmed} confirmed, {it.doubtful} doubtful, {it.failed} failed")
    for fault in faults:
        print(f"FAULT {fault}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
