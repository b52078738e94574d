"""Each tool of ``tools/`` that a document names is run in small, or has the reason why not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SMALL = {
    "bench": ("--only-sizes", "--sizes", "10", "--duration", "5m"),
    "bench_conditions": ("25", "0.2"),
    "bench_crowd": ("20:3:0.05",),
    "bench_users": ("--sizes", "5", "--hours", "0.1", "--dials", "8"),
    "imports": (),
    "measure_events": ("5",),
}
MINUTES = "minutes of CPU, however small"
PROGRAMS = "it takes real programs, or Shadow"
NOT_RUN = {
    "bench_cluster": MINUTES,
    "bench_propagation": MINUTES,
    "bench_serve": MINUTES,
    "bench_study": MINUTES,
    "bench_sweep": MINUTES,
    "check_compare": MINUTES,
    "compare_crowd": "tests/test_compare_crowd.py runs it",
    "compare_engines": "tests/test_tools.py runs it",
    "compare_import": "it takes a checkout of the public monerosim",
    "fidelity": "tests/test_fidelity_tool.py runs it",
    "local_faults": PROGRAMS,
    "measure_relaying": MINUTES,
    "measure_shadow": PROGRAMS,
    "measure_two_nodes": PROGRAMS,
    "mutants": MINUTES,
    "picture_pages": "it takes a browser",
    "planted_rules": MINUTES,
    "record_blocks": PROGRAMS,
    "record_rpc": PROGRAMS,
    "reference": "tests/test_tools.py runs it",
    "release": "tests/test_release.py runs it",
    "rpc_calls": "no command: the calls that record_rpc makes",
    "study_tables": "tests/studies/test_study_tables.py writes a table",
    "wheels": "it asks a package index",
}


def named():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile", *sorted((ROOT / "docs").rglob("*.md"))]
    return {tool for page in pages for tool in re.findall(r"\btools/(\w+)\.py", page.read_text())}


def test_each_tool_that_is_named_is_run_or_has_a_reason_and_no_other():
    assert sorted(named()) == sorted(SMALL | NOT_RUN)


@pytest.mark.parametrize("name", SMALL)
def test_it_runs(name):
    command = [sys.executable, ROOT / "tools" / f"{name}.py", *SMALL[name]]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout
