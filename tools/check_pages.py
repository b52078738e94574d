"""Play made-up scenarios, and count what their pages draw anew, straight from their events.

    python tools/check_pages.py [--runs 20] [--first 1]

The scenarios are the swarm's (`monerosim swarm`), but for those that are refused; the counting is
tests/results/recount.py. Names every number of a page that differs; the exit code is 3 if one does.
"""

import argparse
import itertools
import json
import re
import sys
import tempfile
from pathlib import Path

from monerosim import Run, run
from monerosim.results.report import write_report
from monerosim.runtime.rng import Rng, stable_seed
from monerosim.scenario import ScenarioError
from monerosim.scenario.toml import write_toml
from monerosim.swarm import fragile
from monerosim.swarm.networks import GRAPH, PEERS, peers_file
from monerosim.swarm.scenarios import make_scenario

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "results"))
from recount import differences, recount

_NUMBERS = re.compile(r'<script type="application/json" id="numbers">(.*?)</script>', re.DOTALL)


def play(seed: int, folder: Path) -> Run:
    """Play the made-up scenario of a seed; all its relays, stems and txpools are recorded."""
    document = make_scenario(Rng(stable_seed("pages", seed)))
    document["record"] = {"spreads": "all", "relays": "all", "stems": "all", "txpool": "all"}
    (folder / "scenario.toml").write_text(write_toml(document), encoding="utf-8")
    (folder / PEERS).write_bytes(peers_file(document))
    for name in ("fragile.py", GRAPH):
        (folder / name).write_bytes(Path(fragile.__file__).with_name(name).read_bytes())
    return run(folder / "scenario.toml", folder / "run", trace_level="WARNING")


def check(played: Run) -> list[str]:
    """Return the numbers of a run's page that differ from what is counted."""
    path = played.directory / "report.html"
    write_report([played], path)
    found = _NUMBERS.search(path.read_text(encoding="utf-8"))
    if found is None:
        return ["the page has no numbers"]
    return list(differences(json.loads(found[1])["charts"], recount(played.directory)))


def main() -> None:
    """Check the pages of many runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    options = parser.parse_args()
    wrong, rows, left = 0, 0, options.runs
    for seed in itertools.count(options.first):
        if not left:
            break
        with tempfile.TemporaryDirectory() as folder:
            try:
                played = play(seed, Path(folder))
            except ScenarioError:
                continue
            left -= 1
            found = check(played)
            counted = sum(len(chart) for chart in recount(played.directory).values())
        rows += counted
        wrong += bool(found)
        print(f"seed {seed}: {counted} rows, {len(found)} differences", *found[:10], sep="\n    ", flush=True)
    print(f"{options.runs - wrong} of {options.runs} pages show what happened, {rows} rows in all")
    sys.exit(3 if wrong else 0)


if __name__ == "__main__":
    main()
