"""What a newcomer meets first: the tutorial, templates, estimates, completion, and paths that are nearly right."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from monerosim import run
from monerosim.build.compile import compile_plan
from monerosim.cli import main
from monerosim.engine import load_engine
from monerosim.scenario import parse
from monerosim.scenario.template import TEMPLATES, template


def call(*arguments):
    result = CliRunner().invoke(main, [str(it) for it in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_tutorial_has_five_steps_each_with_something_to_look_at(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = call("tutorial")
    assert shown.exit_code == 0, shown.output
    steps = [line for line in shown.output.splitlines() if " of 5: " in line]
    assert len(steps) == shown.output.count("Look at: ") == 5
    assert shown.output.count("$ monerosim ") == 6
    for printed in ("valid. 9 participants", "Never spends", "payments ", "digest ", "regular-user", "propagation"):
        assert printed in shown.output
    assert (tmp_path / "tutorial" / "run" / "summary.json").exists()
    again = call("tutorial")
    assert again.exit_code == 1
    assert "tutorial already exists" in again.output


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_are_written_and_play(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    written = call("new", "mine.toml", "--template", name)
    assert written.exit_code == 0
    assert TEMPLATES[name] in written.output
    checked = call("check", "mine.toml")
    assert checked.exit_code == 0
    assert "warning" not in checked.output
    assert "of memory" in checked.output
    changes = ("simulation.engine=embedded", "simulation.duration=1h", "shadow.proof_of_work=auto")
    summary = run(parse(template(name).decode(), changes=changes), tmp_path / "run").summary
    assert not summary.outcome.reason
    assert summary.chain.blocks > 10
    assert summary.payments.failed == 0


def test_the_market_has_invoices_and_the_attack_blocks_that_are_kept_back(tmp_path):
    market = run(parse(template("market").decode(), changes=("simulation.duration=90m",)), tmp_path / "market")
    assert sum(it.states.get("confirmed", 0) for it in market.summary.marketplaces.values()) > 3
    attack = run(parse(template("attack").decode(), changes=("simulation.duration=6h",)), tmp_path / "attack")
    assert attack.summary.miners["attacker"].blocks > 0
    assert attack.summary.chain.stale > 5


@pytest.mark.parametrize(("name", "duration"), [("quickstart", "2h"), ("attack", "8h"), ("unreachable", "1h")])
def test_the_estimate_of_disk_is_of_the_right_size(name, duration, tmp_path):
    scenario = parse(template(name).decode(), changes=(f"simulation.duration={duration}",))
    plan = compile_plan(scenario)
    run(scenario, tmp_path / "run")
    taken = sum(path.stat().st_size for path in (tmp_path / "run").rglob("*") if path.is_file())
    estimated = load_engine("embedded").disk(plan)
    assert taken / 2.5 < estimated < 2.5 * taken


def test_estimates_grow_with_what_is_played():
    def seconds(**changes):
        text = tuple(f"{key.replace('__', '.')}={value}" for key, value in changes.items())
        plan = compile_plan(parse(template().decode(), changes=text))
        return load_engine(plan.engine).seconds(plan)

    assert seconds(simulation__duration="10h") > 2 * seconds()
    assert seconds(participants__user__count=100) > seconds()
    # Real time passes on real programs; Shadow plays this few faster than that, and slower than the model.
    assert seconds(simulation__engine="local") > 3600 > seconds(simulation__engine="shadow") > 10 * seconds()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_are_told_how_to_complete(shell):
    assert f"_MONEROSIM_COMPLETE={shell}_complete" in call("completion", shell).output


def test_commands_and_options_are_completed():
    def complete(words):
        env = {**os.environ, "_MONEROSIM_COMPLETE": "bash_complete", "COMP_WORDS": words}
        env["COMP_CWORD"] = str(len(words.split(" ")) - 1)
        code = "from monerosim.cli import main; main(prog_name='monerosim')"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env).stdout

    assert complete("monerosim tut") == "plain,tutorial\n"
    assert "plain,--template\n" in complete("monerosim new --te")
    assert "plain,import\n" in complete("monerosim im")


def test_of_a_path_that_is_not_there_the_nearest_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "market.toml").write_bytes(template("market"))
    (tmp_path / "runs" / "market").mkdir(parents=True)
    assert 'did you mean "markte.toml"?' not in call("check", "markte.toml").output
    assert 'did you mean "market.toml"?' in call("check", "markte.toml").output
    assert 'Did you mean "runs/market"?' in call("trace", "runs/makret").output
    assert 'Did you mean "runs/market"?' in call("trace", "rusn/market").output
    assert "Did you mean" not in call("trace", "elsewhere/x").output


def test_a_folder_of_runs_names_one_and_a_participants_key_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "market.toml").write_bytes(template("market"))
    assert call("build", "market.toml", "-o", "runs/first").exit_code == 0
    assert 'it has runs in it, such as "runs/first"' in call("report", "runs").output
    told = call("check", "market.toml", "--set", "customer.count=3").output
    assert '"customer" is a participant\n    did you mean "participants.customer.count=3"?' in told
