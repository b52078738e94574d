"""The pytest plugin: the fixtures ``monero`` and ``make_monero``, the mark ``monero``, the option ``--monero``."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from monerosim.testing.monero import Monero

MODEL, REGTEST = "model", "regtest"


class MakeMonero(Protocol):
    """Starts a network, which ends with the test."""

    def __call__(
        self, *, nodes: int = 1, wallets: int = 2, funded: str | float = "100 XMR", seed: int = 1, zmq: bool = False
    ) -> "Monero":
        """Start a network.

        Args:
            nodes: The number of nodes, all connected.
            wallets: The number of wallets.
            funded: What each wallet can spend at the start.
            seed: Keys and hashes of modelled networks follow from it.
            zmq: The nodes publish blocks and transactions (needs pyzmq).
        """


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option ``--monero``."""
    group = parser.getgroup("monerosim", "tests against a Monero network (monerosim)")
    group.addoption(
        "--monero",
        choices=[MODEL, REGTEST],
        default=MODEL,
        help="the daemons of the fixture monero: modelled ones (default), or the real ones on regtest",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark ``monero``."""
    config.addinivalue_line(
        "markers",
        'monero(nodes=1, wallets=2, funded="100 XMR", seed=1, zmq=False): the network of the fixture monero',
    )


@pytest.fixture
def make_monero(request: pytest.FixtureRequest) -> Iterator[MakeMonero]:
    """A function that starts a network of nodes and wallets, which ends with the test."""
    # Imported inside: pytest loads this plugin wherever monerosim is installed.
    from monerosim.testing import ModelledMonero, RegtestMonero  # noqa: PLC0415

    with ExitStack() as running:

        def make(
            *, nodes: int = 1, wallets: int = 2, funded: str | float = "100 XMR", seed: int = 1, zmq: bool = False
        ) -> "Monero":
            if request.config.getoption("--monero") == REGTEST:
                return running.enter_context(RegtestMonero(nodes=nodes, wallets=wallets, funded=funded, zmq=zmq))
            return running.enter_context(
                ModelledMonero(nodes=nodes, wallets=wallets, funded=funded, seed=seed, zmq=zmq)
            )

        yield make


@pytest.fixture
def monero(request: pytest.FixtureRequest, make_monero: MakeMonero) -> "Monero":
    """A Monero network: nodes, wallets with coins, and what can happen to them (:class:`monerosim.testing.Monero`).

    The mark ``monero`` says how large it is.
    """
    mark = request.node.get_closest_marker("monero")
    return make_monero(**(mark.kwargs if mark is not None else {}))
