"""What the compiled library computes, to the microsecond as without it."""

import subprocess
import sys

import numpy as np
import pytest

from monerosim.network.relay import Link, RelayNetwork, RelayTimings, Rewiring
from monerosim.network.span import COMPILED, is_compiled
from monerosim.network.verification import Verification
from monerosim.topology import choose_peers
from monerosim.units import SECOND

NODES, WEIGHT = 60, 2_000
WAYS = [
    Verification(mean=80_000),
    Verification(mean=80_000, distribution="uniform", least=15_000),
    Verification(mean=300_000, distribution="exponential", least=1_000),
]


@pytest.fixture(autouse=True)
def _compiler():
    if not is_compiled():
        pytest.skip("there is no C compiler")


def links_of(seed, alike):
    rng = np.random.default_rng(seed)
    names = [f"node-{index:03d}" for index in range(NODES)]
    peers = choose_peers(names, seed=seed, connections=4)
    dials = [(names.index(name), names.index(peer)) for name in names for peer in peers[name]]
    return names, [
        Link(*dial, 50_000 if alike else int(rng.integers(1_000, 400_000)), 0.0, 10**9 if alike else 10**6)
        for dial in dials
    ]


def spread(seed, verification, *, alike, changes):
    """Return when transactions were where, and their messages, if all connections are alike.

    They come closer and closer together, and some are slow to verify.
    """
    rng = np.random.default_rng(seed)
    names, links = links_of(seed, alike)
    relay = RelayTimings(transaction=verification)
    network = RelayNetwork(seed=seed, names=names, links=links, relay=relay)
    transactions = network.relay_transactions(lambda _node, _at: 0)
    messages = []
    if alike:
        transactions.queues.on_messages = messages.append
    flights, at, gone = [], 0, []
    for item in range(80):
        at += int(rng.integers(1, 2 + (80 - item) * SECOND // 4))
        if changes and item % 9 == 4:
            closed = [links[place] for place in rng.choice(len(links), 5, replace=False) if links[place] not in gone]
            network.rewire(at, Rewiring(close=[(link.dialer, link.listener) for link in closed], open=gone))
            gone = closed
        transactions.advance(at)
        slower = int(rng.integers(0, 2)) * 250_000 if seed % 2 else 0
        flights.append(transactions.release(b"%d" % item, int(rng.integers(NODES)), at, WEIGHT, slower))
    transactions.advance(at + 900 * SECOND)
    told = [column.tolist() for part in messages for column in part]
    return [transactions.arrivals(flight).tolist() for flight in flights], told


@pytest.mark.parametrize("verification", WAYS, ids=lambda way: way.distribution)
@pytest.mark.parametrize("alike", [True, False])
@pytest.mark.parametrize("changes", [False, True])
@pytest.mark.parametrize("seed", [1, 2])
def test_transactions_come_when_they_come_without_it(seed, changes, alike, verification, monkeypatch):
    with_it = spread(seed, verification, alike=alike, changes=changes)
    monkeypatch.setenv(COMPILED, "0")
    assert not is_compiled()
    assert with_it == spread(seed, verification, alike=alike, changes=changes)


def test_without_a_compiler_everything_is_computed_without_it(tmp_path, monkeypatch):
    """By a process of its own: this one has the library."""
    script = tmp_path / "spread.py"
    script.write_text(
        "from monerosim.network.span import is_compiled\n"
        "from monerosim.network.relay import Link, RelayNetwork\n"
        "network = RelayNetwork(seed=1, names=['a', 'b'], links=[Link(0, 1, 50_000, 0.0, 10**9)])\n"
        "relay = network.relay_transactions(lambda node, at: 0)\n"
        "flight = relay.release(b'1', 0, 0, 2_000)\n"
        "relay.advance(600_000_000)\n"
        "print(is_compiled(), relay.arrivals(flight).tolist())\n"
    )
    told = []
    for compiler in (None, "/nowhere/cc"):
        with monkeypatch.context() as patch:
            patch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
            if compiler is not None:
                patch.setenv("CC", compiler)
            told.append(subprocess.run([sys.executable, script], check=True, capture_output=True, text=True).stdout)
    assert told[0].split(maxsplit=1)[0] == "True"
    assert told[1].split(maxsplit=1)[0] == "False"
    assert told[0].split(maxsplit=1)[1] == told[1].split(maxsplit=1)[1]
