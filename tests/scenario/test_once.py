"""A scenario is examined once, and what comes of that is what is played."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from monerosim import run
from monerosim.scenario import Participant, Scenario, ScenarioError, examine
from monerosim.scenario.compose import compose
from monerosim.scenario.tables import MAX_COUNT

SMOKE = Path(__file__).parents[2] / "scenarios/smoke.toml"


def test_each_participant_of_a_run_is_composed_once(tmp_path):
    composed = Counter()

    def count(frame, event, _):
        if event == "call" and frame.f_code is compose.__code__:
            composed[frame.f_locals["path"]] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        played = run(SMOKE, tmp_path / "run")
    finally:
        sys.setprofile(before)
    groups = {host.group for host in played.plan.hosts} - {"funder"}
    assert composed == {("participants", group): 1 for group in groups}


def test_examining_takes_as_many_steps_more_as_there_are_participants_more():
    def steps(count):
        taken = 0

        def note(_frame, event, _arg):
            nonlocal taken
            taken += event in ("call", "c_call")

        one_by_one = "".join(f'[participants.u{number}]\nkind = "hodler"\n' for number in range(count))
        before = sys.getprofile()
        sys.setprofile(note)
        try:
            assert not examine(f"{one_by_one}[participants.z]\nkind = 'hodler'\ncount = {count}\n".encode()).errors
        finally:
            sys.setprofile(before)
        return taken

    steps(1)
    few, many = steps(200), steps(800)
    assert many < 5 * few


@pytest.mark.timeout(120)
def test_as_many_participants_as_there_may_be_are_examined():
    """With steps that grow as the square of their number, it takes hours."""
    users = f'[participants.u]\nkind = "regular-user"\ncount = {MAX_COUNT - 2}\nwallet = {{ initial_balance = 1 }}\n'
    miners = '[participants.z]\nkind = "mining-pool"\nhashrate = 100\n[participants.c]\nkind = "block-controller"\n'
    assert examine((miners + users).encode()).problems == ()


def test_a_scenario_of_python_is_checked_when_asked_and_when_it_is_run(tmp_path):
    scenario = Scenario(participants={"u": Participant(kind="regular-usr")})
    (problem,) = scenario.check()
    assert str(problem) == 'participants.u.kind: unknown behaviour "regular-usr" (did you mean "regular-user"?)'
    with pytest.raises(ScenarioError) as refused:
        run(scenario, tmp_path / "run")
    assert refused.value.problems == (problem,)
    assert not (tmp_path / "run").exists()
