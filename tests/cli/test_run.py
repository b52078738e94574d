"""``monerosim run`` and what it shows: progress, tables, exit codes."""

import io
import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_monero import MONEROD, WALLET, fake
from rich.console import Console
from small_runs import MARKET, NETWORK, USERS, WHOLE, play
from small_world import make_host_plan, make_plan

from monerosim.cli import main
from monerosim.cli.commands.report import print_summary
from monerosim.cli.progress import show_progress
from monerosim.engine import Progress
from monerosim.runs import Run
from monerosim.units import SECOND

ROOT = Path(__file__).parents[2]


def call(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(WHOLE)
    return path


def written(path):
    return path.exists() and path.stat().st_size > 0


class TestRun:
    def test_it_plays_and_tells(self, scenario, tmp_path):
        result = call("run", scenario, "-o", tmp_path / "run")
        assert result.exit_code == 0
        assert result.stderr.startswith("small: 7 participants, bootstrap ")
        assert "seed 5, engine embedded" in result.stderr
        summary = Run(tmp_path / "run").summary
        assert f"{summary.payments.sent} sent, " in result.stdout
        assert result.stdout.endswith(f"{tmp_path / 'run'}  digest {summary.digest}\n")

    def test_quiet_shows_the_summary_only(self, scenario, tmp_path):
        result = call("run", scenario, "-o", tmp_path / "run", "--quiet")
        assert result.exit_code == 0
        assert result.stderr == ""
        assert "simulated" in result.stdout
        assert call("report", tmp_path / "run", "--summary").stdout == result.stdout
        assert call("report", tmp_path).exit_code == 1

    def test_a_run_that_is_there_is_kept_without_force(self, scenario, tmp_path):
        call("run", scenario, "-o", tmp_path / "run", "-q")
        before = (tmp_path / "run" / "summary.json").read_bytes()
        refused = call("run", scenario, "-o", tmp_path / "run", "-q", "--seed", "8")
        assert refused.exit_code == 1
        assert "--force" in refused.stderr
        assert (tmp_path / "run" / "summary.json").read_bytes() == before
        assert call("run", scenario, "-o", tmp_path / "run", "-q", "--seed", "8", "--force").exit_code == 0
        assert Run(tmp_path / "run").summary.seed == 8

    def test_a_run_that_was_built_is_played_as_it_is(self, scenario, tmp_path):
        assert call("build", scenario, "-o", tmp_path / "built", "--seed", "9").exit_code == 0
        changed = call("run", tmp_path / "built", "--seed", "8")
        assert changed.exit_code == 2
        assert "is run as it was built" in changed.stderr
        assert call("run", tmp_path / "built", "-q").exit_code == 0
        assert call("run", scenario, "-o", tmp_path / "run", "-q", "--seed", "9").exit_code == 0
        built, run = (Run(tmp_path / name).summary for name in ("built", "run"))
        assert built.digest == run.digest
        again = call("run", tmp_path / "built")
        assert again.exit_code == 1
        assert "has been played already" in again.stderr
        assert call("run", tmp_path).exit_code == 1

    def test_tables_are_not_folded_where_nobody_looks_on(self, scenario, tmp_path):
        result = call("run", scenario, "-o", tmp_path / "run", "-q")
        assert any("blocks found" in line and "reorganisations" in line for line in result.stdout.splitlines())

    def test_changes_are_made_and_noted(self, scenario, tmp_path):
        changes = ("--set", "participants.user.count=1", "--seed", "77")
        assert call("run", scenario, "-o", tmp_path / "run", "-q", *changes).exit_code == 0
        played = Run(tmp_path / "run")
        assert (played.summary.participants, played.summary.seed) == (5, 77)
        assert (
            (tmp_path / "run" / "scenario.toml").read_text().startswith("# Built with: --seed 77 --set 'participants")
        )

    def test_the_trace_level_is_the_least_that_is_kept(self, scenario, tmp_path):
        call("run", scenario, "-o", tmp_path / "run", "-q", "--trace-level", "warning")
        assert {line.level for line in Run(tmp_path / "run").traces()} <= {"WARNING", "ERROR"}

    def test_a_bad_scenario_exits_with_2_and_leaves_nothing(self, scenario, tmp_path):
        scenario.write_text("[simulation]\nsede = 3\n")
        result = call("run", scenario, "-o", tmp_path / "run")
        assert result.exit_code == 2
        assert not (tmp_path / "run").exists()

    def test_what_is_missing_is_told_before_anything_is_written(self, scenario, tmp_path, monkeypatch):
        fake(tmp_path / "bin" / "monerod", MONEROD)
        fake(tmp_path / "bin" / "monero-wallet-rpc", WALLET)
        (tmp_path / "bin" / "cat").symlink_to(shutil.which("cat"))
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        result = call("run", scenario, "-o", tmp_path / "run", "--engine", "shadow", "--set", "shadow.compat=off")
        assert result.exit_code == 1
        assert "not found on PATH: shadow" in result.stderr
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize("numbers", [(signal.SIGINT, signal.SIGINT), (signal.SIGTERM,), (signal.SIGHUP,)])
    def test_interrupting_ends_the_run_in_order(self, tmp_path, numbers):
        path = tmp_path / "long.toml"
        path.write_text(WHOLE)
        directory = tmp_path / "run"
        command = [sys.executable, "-m", "monerosim.cli", "run", str(path), "-o", str(directory)]
        command += ["--set", 'simulation.duration="2000h"']
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
            deadline = time.monotonic() + 30
            while not written(directory / "events.jsonl") and time.monotonic() < deadline:
                time.sleep(0.05)
            # Ctrl-C may come from the terminal and once more from a program that passes it on.
            for number in numbers:
                process.send_signal(number)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "Traceback" not in err
        assert "stopped early" in out
        played = Run(directory)
        assert not played.summary.completed
        assert 0 <= played.summary.simulated_seconds < 2000 * 3600
        assert played.summary.coins.unaccounted == 0
        assert list(played.traces())


class TestProgress:
    PLAN = make_plan(make_host_plan("alice"), time_zero=600 * SECOND)

    def shown(self, monkeypatch, clock, *, terminal, quiet=False):
        """What is shown of progress told at the times of ``clock``, in seconds."""
        told = iter([0.0, *clock])
        monkeypatch.setattr("monerosim.cli.progress.monotonic", lambda: next(told))
        out = io.StringIO()
        console = Console(file=out, force_terminal=terminal, width=100, color_system=None, highlight=False)
        with show_progress(self.PLAN, console, quiet=quiet) as on_progress:
            for number, _ in enumerate(clock, 1):
                assert on_progress(Progress(now=number * 300 * SECOND, height=number * 10, payments=number))
        return out.getvalue()

    def test_plain_lines_come_every_few_seconds(self, monkeypatch):
        lines = self.shown(monkeypatch, [1.0, 4.0, 5.0, 6.0, 10.0], terminal=False).splitlines()
        assert [re.split(r"\s{2,}", line.strip()) for line in lines] == [
            ["0:05:00", "180x", "height 30", "payments 3"],
            ["0:15:00", "150x", "height 50", "payments 5"],
        ]

    def test_the_time_of_the_bootstrap_is_negative(self, monkeypatch):
        assert self.shown(monkeypatch, [9.0], terminal=False).strip().startswith("-0:05:00")

    def test_a_terminal_gets_a_bar(self, monkeypatch):
        text = self.shown(monkeypatch, [1.0, 2.0], terminal=True)
        assert "\x1b[" in text
        assert "height 20" in text
        assert "payments 2" in text

    def test_quiet_shows_nothing(self, monkeypatch):
        assert self.shown(monkeypatch, [9.0], terminal=True, quiet=True) == ""


class TestReport:
    def text(self, played):
        out = io.StringIO()
        print_summary(played, Console(file=out, width=120, color_system=None, highlight=False))
        return out.getvalue()

    def rows(self, text):
        return {line.split()[0]: re.split(r"\s{2,}", line.strip())[1:] for line in text.splitlines() if line.strip()}

    def test_the_tables_say_what_the_summary_says(self, tmp_path):
        second = '[participants.other]\nkind = "mining-pool"\nhashrate = 300\n'
        third = '[participants.third]\nkind = "autonomous-miner"\nhashrate = 12.5\n'
        played = play(WHOLE + second + third, tmp_path / "run")
        summary, rows = played.summary, self.rows(self.text(played))
        paid = summary.payments
        assert rows["chain"][0].startswith(f"height {summary.chain.height}, {summary.chain.blocks} blocks found")
        assert rows["payments"] == [
            f"{paid.sent} sent, {paid.confirmed} confirmed, {paid.received} received, {paid.failed} failed"
        ]
        assert rows["coins"][0].endswith("all accounted for")
        blocks = {name: one.blocks for name, one in summary.miners.items()}
        other = next(line.split() for line in self.text(played).splitlines() if line.startswith("other"))
        assert other[1:3] == ["300", str(blocks["other"])]
        third = next(line.split() for line in self.text(played).splitlines() if line.startswith("third"))
        assert third[1:4] == ["12.5", str(blocks["third"]), f"{blocks['third'] / sum(blocks.values()):.1%}"]
        assert sum(blocks.values()) + sum(one.stale for one in summary.miners.values()) == summary.chain.blocks
        user = [balance for name, balance in summary.coins.balances.items() if name.startswith("user-")]
        assert rows["user"][0] == "3"
        assert rows["user"][-1] == f"{sum(user) / 10**12:,.3f}"
        assert "failures" not in rows

    def test_a_run_without_a_summary_is_read_back(self, tmp_path):
        play(NETWORK, tmp_path / "run")
        told = call("report", tmp_path / "run").stdout.splitlines()
        (tmp_path / "run" / "summary.json").unlink()
        again = call("report", tmp_path / "run")
        assert again.exit_code == 0
        assert again.stdout.splitlines()[1:] == told[1:]
        assert call("report", tmp_path / "run").stdout == again.stdout

    def test_what_wallets_held_when_they_were_killed_is_not_known(self, tmp_path):
        played = play(WHOLE, tmp_path / "run")
        (tmp_path / "run" / "summary.json").unlink()
        events = tmp_path / "run" / "events.jsonl"
        lines = [line for line in events.read_text().splitlines(keepends=True) if "-closed" not in line]
        events.write_text("".join(lines))
        played.read_back()
        rows = self.rows(self.text(played))
        assert rows["coins"][0].endswith("final balances unknown: no wallet reported one")
        assert not rows["chain"][0].startswith("height 0,")

    def test_payments_that_no_block_has_taken_are_told(self, tmp_path):
        gone = '[[timeline]]\nat = "10m"\ndo = "stop"\nwho = "miner"\n'
        played = play(WHOLE + gone, tmp_path / "run", "participants.user.wallet.outputs=9")
        paid = played.summary.payments
        assert paid.unconfirmed == paid.sent - paid.confirmed > 5
        payments = self.rows(self.text(played))["payments"][0]
        assert payments.endswith(f", {paid.unconfirmed} unconfirmed at the end")

    def test_failures_and_an_early_end_are_told(self, tmp_path):
        played = play(
            NETWORK + USERS + MARKET, tmp_path / "run", on_progress=lambda progress: progress.now < 100 * SECOND
        )
        path = tmp_path / "run" / "summary.json"
        changed = json.loads(path.read_bytes())
        changed["outcome"] |= {
            "failures": 4,
            "given_up": ["user-001/wallet"],
            "bootstrap_failure": "no [coins]",
        }
        changed["coins"] |= {"emitted": 10**12, "balances": {"miner": 10**12 // 4}}
        path.write_text(json.dumps(changed))
        text = self.text(played)
        assert "stopped early" in text
        assert "4 of actors, daemons or wallets" in text
        assert "user-001/wallet failed too often and was not restarted again" in text
        assert "the bootstrap failed: no [coins]" in text
        assert "0.75 XMR unaccounted for" in text
        path.write_text(json.dumps(changed | {"coins": changed["coins"] | {"tips": 3}}))
        assert "balances not comparable: the nodes ended at 3 different tips" in self.text(played)
        for lost, others in ((5, ""), (40, "and 35 more")):
            names = [f"{number:064x}" for number in range(lost)]
            path.write_text(json.dumps(changed | {"payments": changed["payments"] | {"vanished": names}}))
            text = self.text(Run(tmp_path / "run"))
            assert [name for name in names if f"payment {name} vanished" in text] == names[:5]
            assert ("more; summary.json lists them" in text) == bool(others)
            assert others in text
