"""How many payments behaviours mean to make, as the plan says it: with the timeline taken into account."""

import pytest

from monerosim.build.compile import compile_plan
from monerosim.scenario import Participant, Scenario
from monerosim.units import SECOND

USER = {"kind": "regular-user", "node": {}, "wallet": {}, "settings": {"transaction_frequency": 1.0}}


def meant(participant, duration, timeline=()):
    """Sum the payments that the plan's actors mean to make."""
    scenario = Scenario(simulation={"duration": duration}, participants={"alice": participant}, timeline=timeline)
    (host,) = compile_plan(scenario).hosts
    rates = [rate for actor in host.actors for rate in actor.payments]
    assert all(rate.since < rate.until for rate in rates)
    return sum(rate.per_second * (rate.until - rate.since) / SECOND for rate in rates)


@pytest.mark.parametrize(
    ("timeline", "expected"),
    [
        ([], 60),
        ([(40, "stop", {})], 10),
        ([(40, "pause", {}), (70, "resume", {})], 30),
        ([(40, "stop", {}), (50, "start", {}), (80, "stop", {})], 40),
        ([(60, "set", {"transaction_frequency": 0.5})], 45),
        ([(60, "set", {"transaction_interval": "2m"})], 45),
        ([(60, "set", {"until": "70m"})], 40),
        ([(10, "start", {})], 80),
        ([(10, "pause", {}), (50, "resume", {})], 40),
        ([(10, "stop", {}), (50, "start", {})], 40),
        ([(10, "set", {"transaction_frequency": 0.5})], 30),
        ([(60, "send-now", {})], 60),
    ],
)
def test_payments_are_meant_as_long_as_the_timeline_leaves_somebody_to_make_them(timeline, expected):
    for actor, result in (("", expected), ("regular-user", expected), ("hodler", 60)):
        entries = [
            {"at": f"{at}m", "do": do, "who": "alice", "actor": actor, "arguments": arguments}
            for at, do, arguments in timeline
            if actor != "hodler" or do in {"start", "stop", "pause", "resume"}
        ]
        alice = Participant(**USER, start="30m", actors=[{"use": "hodler"}])
        assert meant(alice, "90m", entries) == pytest.approx(result)


@pytest.mark.parametrize(
    ("kind", "settings", "expected"),
    [
        ("regular-user", {}, 6),
        ("regular-user", {"transaction_interval": "2m"}, 30),
        ("transaction-bot", {}, 6),
        ("churner", {"transaction_interval": "10m", "until": "30m"}, 3),
        ("hodler", {}, 0),
        ("marketplace", {}, 0),
    ],
)
def test_each_behaviour_says_how_often_it_means_to_pay(kind, settings, expected):
    assert meant(Participant(kind=kind, node={}, settings=settings), "1h") == pytest.approx(expected)
