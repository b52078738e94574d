"""A scenario is examined once, and what comes of that is what is played."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from monerosim import run
from monerosim.scenario import Participant, Scenario, ScenarioError
from monerosim.scenario.compose import compose

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


def test_a_scenario_of_python_is_checked_when_asked_and_when_it_is_run(tmp_path):
    scenario = Scenario(participants={"u": Participant(kind="regular-usr")})
    (problem,) = scenario.check()
    assert str(problem) == 'participants.u.kind: unknown behaviour "regular-usr" (did you mean "regular-user"?)'
    with pytest.raises(ScenarioError) as refused:
        run(scenario, tmp_path / "run")
    assert refused.value.problems == (problem,)
    assert not (tmp_path / "run").exists()
