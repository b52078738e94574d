"""The estimates of what a run takes: memory, and with real programs time and disk."""

from pathlib import Path

import pytest

from monerosim.build.compile import compile_plan
from monerosim.engine import MemoryEstimate, load_engine
from monerosim.plan.plan import Plan
from monerosim.scenario import Participant, Scenario, Simulation, load

SCENARIOS = Path(__file__).parents[2] / "scenarios"


def crowd(engine: str) -> Scenario:
    """A hundred users on ten public nodes, of which three are pools'."""
    return Scenario(
        simulation=Simulation(engine=engine),
        participants={
            "node": Participant(count=7, node={}),
            "pool": Participant(count=3, kind="mining-pool", settings={"hashrate": 100 / 3}),
            "user": Participant(count=97, node="node", wallet={"initial_balance": "1 XMR"}),
            "control": Participant(kind="block-controller"),
        },
    )


def estimate(plan: Plan) -> MemoryEstimate:
    estimated = load_engine(plan.engine).memory(plan)
    assert estimated is not None
    return estimated


@pytest.mark.parametrize("engine", ["local", "shadow"])
def test_real_programs_take_what_was_measured(engine: str) -> None:
    estimated = estimate(compile_plan(crowd(engine)))
    counts = {what: count for what, (count, _) in estimated.parts.items() if what != "Shadow"}
    assert counts == {"nodes that produce blocks": 3, "other nodes": 7, "wallets": 101, "agents": 109}


@pytest.mark.parametrize(("name", "measured"), [("hundred-users", 9.36e9), ("smoke", 1.67e9)])
def test_the_estimate_is_near_what_was_measured_under_shadow(name: str, measured: float) -> None:
    scenario = load(SCENARIOS / f"{name}.toml", changes=["simulation.engine=shadow", "shadow.proof_of_work=real"])
    estimated = estimate(compile_plan(scenario))
    assert measured * 0.95 < estimated.total < measured * 1.1


def test_the_embedded_engine_takes_little() -> None:
    estimated = estimate(compile_plan(crowd("embedded")))
    # 80 MB for 104 participants (measured)
    assert 75e6 < estimated.total < 120e6


@pytest.mark.parametrize(("name", "measured"), [("hundred-users", 1_069), ("smoke", 38)])
def test_the_time_under_shadow_is_near_what_was_measured(name: str, measured: float) -> None:
    plan = compile_plan(load(SCENARIOS / f"{name}.toml", changes=["simulation.engine=shadow"]))
    estimated = load_engine("shadow").seconds(plan)
    assert estimated is not None
    assert measured * 0.9 < estimated < measured * 1.1


@pytest.mark.parametrize("engine", ["local", "shadow"])
def test_the_disk_of_real_programs_is_near_what_was_measured(engine: str) -> None:
    plan = compile_plan(load(SCENARIOS / "smoke.toml", changes=[f"simulation.engine={engine}"]))
    estimated = load_engine(engine).disk(plan)
    assert estimated is not None
    assert 5.4e6 * 0.9 < estimated < 5.4e6 * 1.2
