"""Hold what `monerosim import` makes of the public monerosim's scenarios against what its own tool makes of them.

    python tools/compare_import.py CHECKOUT

CHECKOUT is one of github.com/Fountain5405/monerosim. Each of its test_configs/*.scenario.yaml is expanded by its
scripts/scenario_parser.py, as a program, and imported here: miners with their hashrates and starts, when each user
begins to pay and how often, and how many other nodes there are, but for those that its tool adds for built-in
addresses. Prints a line each, and exits with code 1 if one differs.
"""

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from monerosim.importers.account import write_scenario
from monerosim.importers.convert import convert
from monerosim.importers.values import microseconds
from monerosim.scenario import Scenario, parse
from monerosim.units import SECOND

_SEEDS = "monero-seed"


def expanded(checkout: Path, file: Path, output: Path) -> Mapping[str, Mapping[str, object]]:
    """Return the agents that their tool makes of a file."""
    script = checkout / "scripts" / "scenario_parser.py"
    command = [sys.executable, script, file, "-o", output, "--no-safe-tx-interval", "--no-calibrate"]
    subprocess.run(command, check=True, capture_output=True, cwd=checkout)
    agents: Mapping[str, Mapping[str, object]] = yaml.safe_load(output.read_text())["agents"]
    return agents


def theirs(agents: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[object, ...]]:
    """Yield what each agent of their tool is."""
    for agent in agents.values():
        script = str(agent.get("script", ""))
        if script.endswith("autonomous_miner"):
            yield "miner", agent["hashrate"], microseconds(agent["start_time"])
        elif script.endswith("regular_user"):
            starts = microseconds(agent.get("activity_start_time", agent.get("start_time")))
            yield "user", microseconds(agent["transaction_interval"]), starts
        elif {"daemon", "daemon_0"} & set(agent):
            yield ("node",)


def ours(scenario: Scenario) -> Iterator[tuple[object, ...]]:
    """Yield what each participant of an imported scenario is."""
    for name, it in scenario.participants.items():
        for index in range(it.count):
            start = round((it.start.seconds + index * it.stagger.seconds) * SECOND)
            match it.kind:
                case "autonomous-miner":
                    yield "miner", it.settings["hashrate"], start
                case "regular-user":
                    yield "user", microseconds(it.settings["transaction_interval"]), start
                case _ if name != _SEEDS:
                    yield ("node",)


def main() -> int:
    """Compare all files; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    checkout = parser.parse_args().checkout.resolve()
    files = sorted((checkout / "test_configs").glob("*.scenario.yaml"))
    if not files:
        sys.exit(f"{checkout} has no test_configs/*.scenario.yaml")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            wanted = Counter(theirs(expanded(checkout, file, Path(folder, "expanded.yaml"))))
            made = Counter(ours(parse(write_scenario(convert(file.read_bytes()), file.name, "monerosim import"))))
            kinds = ", ".join(f"{n} {kind}s" for kind, n in Counter(kind for kind, *_ in made.elements()).items())
            failed = failed or made != wanted
            print(f"{file.name:36}{kinds:40}{'same' if made == wanted else 'differs'}")
            for sign, rest in (("-", wanted - made), ("+", made - wanted)):
                for what, count in sorted(rest.items(), key=str)[:5]:
                    print(f"  {sign} {count} {what}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
