"""The shadow engine where something that it needs is not there; with everything there, see tests/shadow."""

import re
from pathlib import Path

import msgspec
import pytest

from monerosim.build.compile import compile_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.engine import EngineError, load_engine
from monerosim.events import BlockFound, Record
from monerosim.runs import Run
from monerosim.runs import play as play_run
from monerosim.scenario import parse

SCENARIO = """
[simulation]
engine = "shadow"
[shadow]
compat = "off"
[participants.pool]
kind = "mining-pool"
hashrate = 1
"""


@pytest.fixture(scope="module")
def plan():
    return compile_plan(parse(SCENARIO))


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A directory that is all of PATH, and a way to put programs there that do nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))

    def install(*names, body="exit 0"):
        for name in names:
            (folder / name).write_text(f"#!/bin/sh\n{body}\n")
            (folder / name).chmod(0o755)

    return install


def play(plan, directory, on_progress=lambda _: True):
    engine = load_engine("shadow")
    engine.check(plan)
    return engine.play(plan, directory, trace_level="INFO", on_progress=on_progress)


def test_what_is_missing_is_named_with_how_it_is_had(plan, tmp_path, programs):
    write_run_directory(plan, b"", tmp_path / "run")
    with pytest.raises(EngineError, match=r"not found on PATH: shadow\n(.*\n)*.*install_shadow"):
        play(plan, tmp_path / "run")
    programs("shadow", "monerod")
    with pytest.raises(EngineError, match=r"not found: monero-wallet-rpc\n(.*\n)*.*apt install monero"):
        play(plan, tmp_path / "run")


def test_without_a_compiler_nothing_is_built(plan, tmp_path, programs, monkeypatch):
    monkeypatch.delenv("CC", raising=False)
    needing = msgspec.structs.replace(plan, shadow=msgspec.structs.replace(plan.shadow, compat="auto"))
    with pytest.raises(RunDirectoryError, match="no C compiler"):
        write_run_directory(needing, b"", tmp_path / "run")
    assert not (tmp_path / "run").exists()
    programs("shadow", "monerod", "monero-wallet-rpc")
    write_run_directory(plan, b"", tmp_path / "run")
    with pytest.raises(EngineError, match="no C compiler"):
        play(needing, tmp_path / "run")


def test_a_run_that_has_been_played_is_not_played_again(plan, tmp_path, programs):
    programs("shadow", "monerod", "monero-wallet-rpc")
    write_run_directory(plan, b"", tmp_path / "run")
    (tmp_path / "run" / "shadow.data").mkdir()
    with pytest.raises(EngineError, match="played already"):
        play(plan, tmp_path / "run")


@pytest.mark.usefixtures("c_compiler")
def test_the_library_is_named_for_daemons_and_wallets_only_and_not_when_off(plan, tmp_path):
    write_run_directory(plan, b"", tmp_path / "off")
    assert "LD_PRELOAD" not in (tmp_path / "off" / "shadow.yaml").read_text()
    assert not (tmp_path / "off" / "compat.so").exists()
    preloading = msgspec.structs.replace(plan, shadow=msgspec.structs.replace(plan.shadow, compat="auto"))
    write_run_directory(preloading, b"", tmp_path / "on")
    lines = (tmp_path / "on" / "shadow.yaml").read_text().splitlines()
    named = [match[1] for line in lines if (match := re.search(r'"LD_PRELOAD":"([^"]*)"', line))]
    assert len(named) == 2
    assert {Path(path) for path in named} == {tmp_path / "on" / "compat.so"}
    assert (tmp_path / "on" / "compat.so").is_file()


def test_what_shadow_says_when_it_fails_is_passed_on(plan, tmp_path, programs):
    programs("monerod", "monero-wallet-rpc")
    programs("shadow", body="echo '**   the graph has no node 7'; exit 3")
    write_run_directory(plan, b"", tmp_path / "run")
    with pytest.raises(EngineError, match=r"(?s)status 3 .*the graph has no node 7"):
        play(plan, tmp_path / "run")
    assert (tmp_path / "run" / "events.jsonl").exists()


def test_a_run_that_failed_has_its_figures(plan, tmp_path, programs):
    event = msgspec.json.encode(Record(5, "pool", "miner", "", BlockFound("pool", 7, "aa", 1, 0))).decode()
    programs("monerod", "monero-wallet-rpc")
    programs("shadow", body=f"echo '{event}' > hosts/pool/events.jsonl; echo a daemon died; exit 1")
    write_run_directory(plan, b"", tmp_path / "run")
    with pytest.raises(EngineError, match="a daemon died"):
        play_run(tmp_path / "run")
    summary = Run(tmp_path / "run").summary
    assert (summary.height, summary.completed) == (7, False)
    assert "a daemon died" in summary.failure


def test_a_run_that_nobody_wants_any_more_ends(plan, tmp_path, programs):
    programs("monerod", "monero-wallet-rpc")
    programs("shadow", body="echo 'at simtime 7000000000 ns'; while :; do :; done")
    write_run_directory(plan, b"", tmp_path / "run")
    assert play(plan, tmp_path / "run", lambda progress: progress.now == 0) == 7_000_000
