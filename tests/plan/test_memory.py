"""The estimate of a run's memory."""

import pytest

from monerosim.plan.compile import compile_plan
from monerosim.plan.memory import estimate_memory
from monerosim.scenario import Participant, Scenario, Simulation


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


@pytest.mark.parametrize("engine", ["local", "shadow"])
def test_real_programs_take_what_was_measured(engine: str) -> None:
    estimate = estimate_memory(compile_plan(crowd(engine)))
    assert estimate is not None
    counts = {what: count for what, (count, _) in estimate.parts.items()}
    assert counts == {"nodes that produce blocks": 3, "other nodes": 7, "wallets": 101, "agents": 109}
    # 11 GB at the peak for 10 nodes, 101 wallets and 101 agents (measured under Shadow)
    assert 10e9 < estimate.total < 14e9


def test_the_embedded_engine_takes_little() -> None:
    estimate = estimate_memory(compile_plan(crowd("embedded")))
    assert estimate is not None
    # 80 MB for 104 participants (measured)
    assert 75e6 < estimate.total < 120e6
