"""Flags of monerod that decide whom a node dials and who dials it, on every engine."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.build.compile import compile_plan
from monerosim.plan.plan import Plan
from monerosim.scenario import parse
from monerosim.topology import choose_limited_peers

NETWORK = """\
[participants.usual]
node = {}
count = 12
[participants.other]
node = { flags = [FLAGS] }
count = 3
[network]
connections = 4
"""


def plan(*flags: str, engine: str = "embedded") -> Plan:
    listed = ", ".join(f'"{flag}"' for flag in flags)
    return compile_plan(parse(NETWORK.replace("FLAGS", listed), changes=[f"simulation.engine={engine}"]))


def dialled(made: Plan) -> tuple[Counter[str], Counter[str]]:
    """Count each node's outgoing and incoming connections."""
    nodes = {host.name: host.node.peers for host in made.hosts if host.node is not None}
    return Counter({name: len(peers) for name, peers in nodes.items()}), Counter(
        it for peers in nodes.values() for it in peers
    )


@pytest.mark.parametrize("engine", ["embedded", "local", "shadow"])
@pytest.mark.parametrize(
    ("flag", "outgoing", "incoming"),
    [
        ("--offline", {0}, {0}),
        ("--hide-my-port", {4}, {0}),
        ("--in-peers=0", {4}, {0}),
        ("--in-peers=1", {4}, {0, 1}),
        ("--out-peers=2", {2}, set(range(15))),
        ("--out-peers=9", {4}, set(range(15))),
    ],
)
def test_connections_are_those_of_the_flags(flag: str, outgoing: set[int], incoming: set[int], engine: str) -> None:
    out, into = dialled(plan(flag, engine=engine))
    others = [f"other-{number:03d}" for number in (1, 2, 3)]
    assert {out[name] for name in others} <= outgoing
    assert {into[name] for name in others} <= incoming
    assert {out[f"usual-{number:03d}"] for number in range(1, 13)} == {4}


def test_without_such_flags_peers_are_as_ever() -> None:
    assert [host.node.peers for host in plan().hosts if host.node] == [
        host.node.peers for host in plan("--log-level=1").hosts if host.node
    ]


@pytest.mark.parametrize(
    ("flags", "kilobytes"),
    [
        (["--limit-rate=100"], 100),
        (["--limit-rate-up=50"], 50),
        (["--limit-rate=100", "--limit-rate-up=200"], 100),
        (["--limit-rate=300", "--limit-rate-up=200", "--limit-rate-down=400"], 200),
    ],
)
def test_a_rate_is_in_monerod_s_kilobytes(flags: list[str], kilobytes: int) -> None:
    limits = {host.node.rate_limit for host in plan(*flags).hosts if host.node and host.group == "other"}
    assert limits == {kilobytes * 1024 * 8}


names = st.lists(st.integers(0, 999).map(str), min_size=1, max_size=12, unique=True)


@settings(max_examples=100, deadline=None)
@given(names, st.integers(0, 5), st.data())
def test_nobody_takes_more_than_it_has_room_for(nodes: list[str], seed: int, data: st.DataObject) -> None:
    room = data.draw(st.dictionaries(st.sampled_from(nodes), st.integers(0, 3)))
    wanted = {name: data.draw(st.integers(1, 4)) for name in nodes}
    peers = choose_limited_peers(nodes, seed=seed, connections=wanted, incoming=room)
    taken = Counter(peer for chosen in peers.values() for peer in chosen)
    assert all(taken[name] <= limit for name, limit in room.items())
    assert all(name not in chosen and len(set(chosen)) == len(chosen) for name, chosen in peers.items())
    assert peers == choose_limited_peers(nodes, seed=seed, connections=wanted, incoming=room)


def test_a_node_that_only_others_dial_listens_and_dials_nobody() -> None:
    text = """
[network]
peers = "explicit"
[participants.dialer]
node = { peers = ["listener"] }
[participants.listener]
node = { peers = [] }
[participants.alone]
node = { peers = [] }
"""
    made = compile_plan(parse(text, changes=["simulation.engine=shadow"]))
    given = {host.name: host.processes[0].argv for host in made.hosts}
    address = {host.name: host.address for host in made.hosts}
    assert f"--add-exclusive-node={address['listener']}:18080" in given["dialer"]
    assert f"--add-exclusive-node={address['listener']}:1" in given["listener"]
    assert "--offline" not in given["listener"]
    assert "--offline" in given["alone"]
