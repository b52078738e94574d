"""A modelled monerod (src/rpc/core_rpc_server.cpp)."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

from monerosim.model import (
    daemon_blocks,
    daemon_info,
    daemon_mining,
    daemon_outputs,
    daemon_peers,
    daemon_pool,
    daemon_transactions,
)
from monerosim.model.blockchain import Blockchain
from monerosim.model.errors import HttpStatusError, ServiceError, no_method
from monerosim.model.jsonrpc import JSON_RPC, Methods, answer
from monerosim.model.node_state import NodeState
from monerosim.model.records import Transaction
from monerosim.model.views import View
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json

METHODS: Methods[NodeState] = Methods.of(
    group.METHODS
    for group in (
        daemon_info,
        daemon_blocks,
        daemon_mining,
        daemon_transactions,
        daemon_pool,
        daemon_outputs,
        daemon_peers,
    )
)
"""All methods; those that begin with a slash are paths of their own."""


def introduce(daemons: "Iterable[Daemon]") -> None:
    """Have daemons get to know each other (:meth:`Daemon.meet`)."""
    states = {daemon.state.index: daemon.state for daemon in daemons}
    for state in states.values():
        state.know(states)


class Daemon:
    """One monerod.

    Args:
        blockchain: The run's blocks and transactions.
        index: Its node in the network.
        ready_at: When it begins to answer, microseconds.
        address: ``host:port`` where its peers reach it, for their lists and for messages.
    """

    def __init__(self, blockchain: Blockchain, index: int, *, ready_at: int, address: str) -> None:
        self.state = NodeState(blockchain, index, ready_at=ready_at, address=address)

    def meet(self, others: "Iterable[Daemon]") -> None:
        """Get to know other daemons: those that are its peers are listed as its connections while they are up."""
        self.state.meet(other.state for other in others)

    def view(self) -> View:
        """Return what this node sees now."""
        return self.state.view()

    def accept(self, transaction: Transaction, *, relay: bool) -> str:
        """Take a transaction into this node's pool (:meth:`monerosim.model.txpool.Txpool.accept`)."""
        return self.state.accept(transaction, relay=relay)

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            RpcUnavailableError: The daemon is not up yet.
            HttpStatusError: The path is unknown, or the request unreadable.
        """
        if not self.state.is_up:
            raise RpcUnavailableError(f"{self.state.address} does not answer: connection refused")
        if path == JSON_RPC:
            return answer(body, self._call)
        if path not in METHODS:
            raise HttpStatusError(HTTPStatus.NOT_FOUND, self.state.address)
        try:
            return METHODS.call(path, self.state, dict(body))
        except ServiceError as error:
            raise HttpStatusError(HTTPStatus.BAD_REQUEST, self.state.address) from error

    def _call(self, method: str, params: Json) -> Json:
        if method.startswith("/"):
            raise no_method()
        return METHODS.call(method, self.state, params)
