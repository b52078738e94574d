"""Networks on which hardly anything arrives are told of before a run."""

import pytest
from small_runs import NETWORK

from monerosim.scenario import parse


def warnings(change):
    return [str(problem) for problem in parse(NETWORK, changes=(change,)).check()]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("network.loss=0.99", "99% of all packets lost"),
        ("network.loss=0.5", "50% of all packets lost"),
        ('network.bandwidth="1 bit"', "a full block takes"),
        ('network.bandwidth="20 kbit"', "a full block takes 2m from node to node"),
    ],
)
def test_hardly_anything_arrives(change, word):
    (warning,) = warnings(change)
    assert word in warning


@pytest.mark.parametrize("change", ["network.loss=0.2", 'network.bandwidth="1 Mbit"', "simulation.seed=3"])
def test_the_usual_is_not_told_of(change):
    assert warnings(change) == []
