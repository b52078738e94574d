"""No option is dropped in silence: on each engine it changes what a command leaves or says, or is refused by its name.

A new option of `run`, `build` or `sweep` falls under this by being there: it needs a line in ``CASES``. What a sweep
does with its own options does not depend on the engine, so those are tried on the embedded one.
"""

import re
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from fake_monero import MONEROD, WALLET, fake

from monerosim.cli import main
from monerosim.cli.commands.build import build
from monerosim.cli.commands.run import run
from monerosim.cli.commands.sweep import sweep
from monerosim.cli.exits import USAGE

COMMANDS = {"run": run, "build": build, "sweep": sweep}
ENGINES = ("embedded", "local", "shadow")

SCENARIO = """
[simulation]
name = "tiny"
duration = "2m"
[shadow]
compat = "off"
[participants.pool]
kind = "mining-pool"
hashrate = 100
restarts = { max_restarts = 0 }
[participants.controller]
kind = "block-controller"
"""
OWN_PROGRAM = '[binaries]\nmonerod = "./mine"\n' + SCENARIO
OWN_FLAG = '[binaries]\nmonerod_flags = ["--add-peer=10.0.0.1"]\n' + SCENARIO
TWO_VALUES = ("--vary", "participants.pool.hashrate=100,50")
RANGE = ("--sample", "participants.pool.hashrate=10..90")
SWEEP = ("--seeds", "1..2")


class Case(msgspec.Struct, frozen=True):
    """How an option is given, and what else the command is given with and without it."""

    given: tuple[str, ...]
    beside: tuple[str, ...] = ()
    text: str = SCENARIO
    before: bool = False
    """Whether the command was called once before."""
    pages: bool = False
    engines: tuple[str, ...] = ENGINES
    """Without a daemon that works the local engine comes to no end that a page could be made of."""


CASES = {
    "seed": Case(("--seed", "77")),
    "changes": Case(("--set", "simulation.duration=3m")),
    "allow_programs": Case(("--allow-programs",), text=OWN_PROGRAM),
    "allow_flag": Case(("--allow-flag", "--add-peer"), text=OWN_FLAG),
    "output": Case(("--output", "there")),
    "force": Case(("--force",), ("--output", "here"), before=True),
    "trace_level": Case(("--trace-level", "critical")),
    "quiet": Case(("--quiet",)),
    "control": Case(("--control",)),
    "speed": Case(("--speed", "max")),
    "no_report": Case(("--no-report",), pages=True, engines=("embedded", "shadow")),
    "seeds": Case(("--seeds", "1..3")),
    "variations": Case(TWO_VALUES),
    "zipped": Case(("--zip",), (*TWO_VALUES, "--vary", "simulation.duration=2m,3m")),
    "ranges": Case(RANGE, ("--points", "2")),
    "points": Case(("--points", "2"), RANGE),
    "resources": Case(("--resource", "memory=1")),
    "keep": Case(("--keep", "all")),
    "measures": Case(("--measure", "chain.height")),
    "until": Case(("--until", "chain.height +- 500 %"), ("--seeds", "1..6")),
    "list_measures": Case(("--list-measures",)),
}
ELSEWHERE = {
    ("run", "engine"): "the other tests here are about engines",
    ("build", "engine"): "as above",
    ("sweep", "engine"): "as above",
    ("run", "replay"): "tests/control/test_controlled_run.py",
    ("run", "serve"): "tests/serve/test_beside.py",
    ("run", "port"): "as above",
    ("sweep", "jobs"): "changes no result (test_runs_are_those_that_are_played_one_by_one)",
    ("sweep", "dask"): "tests/ensemble/test_cluster.py",
    ("sweep", "quiet"): "there is a line of progress each five seconds only",
}
OF_THE_SCENARIO = {"changes", "allow_programs", "allow_flag"}
# The local engine looks whether its addresses are free: it is tried where tests run one after the other.
ALONE = [pytest.mark.real]
OPTIONS = [
    pytest.param(command, name, engine, marks=ALONE if (command, engine) == ("run", "local") else ())
    for command, known in COMMANDS.items()
    for name in sorted(str(it.name) for it in known.params if it.param_type_name == "option" and it.name != "help")
    for engine in ENGINES
    if (command, name) not in ELSEWHERE
    and (name not in CASES or engine in CASES[name].engines)
    and (command != "sweep" or engine == "embedded" or name in OF_THE_SCENARIO)
]


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Programs that print a help text or nothing, and are first on PATH."""
    folder = tmp_path / "bin"
    fake(folder / "monerod", MONEROD)
    fake(folder / "monero-wallet-rpc", WALLET)
    fake(tmp_path / "mine", MONEROD)
    (folder / "shadow").write_text("#!/bin/sh\nexit 0\n")
    (folder / "shadow").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def observe(folder: Path, case: Case, command: str, engine: str, *given: str) -> tuple[int, str, object]:
    """Call a command in a folder, and return what it says and leaves, numbers of its time and processes aside."""
    folder.mkdir()
    (folder / "tiny.toml").write_text(case.text)
    (folder / "mine").symlink_to(folder.parent / "mine")
    arguments = [command, "tiny.toml", "--engine", engine, *(SWEEP if command == "sweep" else ()), *case.beside, *given]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        if case.pages:
            patch.delenv("MONEROSIM_NO_REPORT")
        for _ in range(1 + case.before):
            result = CliRunner().invoke(main, arguments)
            assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    # A busy machine's runs show how far they are.
    output = re.sub(r"^.*x  height \d+  payments \d+$", "", result.output.replace(str(folder), ""), flags=re.MULTILINE)
    told = re.sub(r"\s+", " ", re.sub(r"\d[\d.,]*\w*", "#", output))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".out")
    kept = [path for path in files if path.name in {"plan.json", "shadow.yaml"}]
    plans = [path.read_bytes().replace(bytes(folder), b"") for path in kept]
    levels = [re.findall(rb'"level":"(\w+)"', path.read_bytes()) for path in files if path.suffix == ".jsonl"]
    # The names of letters are of the time that they were sent.
    names = [re.sub(r"\d{5,}", "#", str(path.relative_to(folder))) for path in files]
    return result.exit_code, told, (names, plans, levels)


@pytest.mark.parametrize(("command", "name", "engine"), OPTIONS)
@pytest.mark.usefixtures("programs")
def test_an_option_changes_what_is_left_or_is_named(command, name, engine, tmp_path):
    case = CASES[name]
    before = observe(tmp_path / "first", case, command, engine)
    after = observe(tmp_path / "second", case, command, engine, *case.given)
    assert before != after, f"{command} {' '.join(case.given)} is dropped in silence on {engine}"
    if after[0] == USAGE != before[0]:
        assert case.given[0] in after[1]


@pytest.mark.parametrize("engine", ["embedded", pytest.param("local", marks=ALONE), "shadow"])
@pytest.mark.usefixtures("programs")
def test_what_is_compared_is_the_same_where_nothing_is_changed(engine, tmp_path):
    """So a difference is the option's."""
    one, other = (observe(tmp_path / name, CASES["seed"], "run", engine) for name in ("first", "second"))
    assert one == other
