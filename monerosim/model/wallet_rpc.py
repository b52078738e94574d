"""A modelled monero-wallet-rpc (src/wallet/wallet_rpc_server.cpp)."""

from collections.abc import Mapping
from http import HTTPStatus

from monerosim.model import (
    wallet_addresses,
    wallet_balances,
    wallet_book,
    wallet_coins,
    wallet_files,
    wallet_payments,
    wallet_proofs,
    wallet_service,
    wallet_transfers,
    wallet_uri,
)
from monerosim.model.blockchain import Blockchain
from monerosim.model.daemon import Daemon
from monerosim.model.errors import HttpStatusError
from monerosim.model.jsonrpc import JSON_RPC, Methods, answer
from monerosim.model.node_state import NodeState
from monerosim.model.wallet_session import WalletSession
from monerosim.model.wallet_state import WalletState
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods.of(
    group.METHODS
    for group in (
        wallet_service,
        wallet_files,
        wallet_addresses,
        wallet_balances,
        wallet_payments,
        wallet_transfers,
        wallet_coins,
        wallet_book,
        wallet_proofs,
        wallet_uri,
    )
)


class WalletServer:
    """One monero-wallet-rpc.

    Args:
        blockchain: The run's blocks and transactions.
        daemon: The node it asks.
        name: Its name, unique in the run; a wallet's keys follow from it, ``seed`` and the wallet's file name.
        seed: For the keys.
        ready_at: When it begins to answer, microseconds.
    """

    def __init__(self, blockchain: Blockchain, daemon: Daemon, *, name: str, seed: int, ready_at: int) -> None:
        self.session = WalletSession(blockchain, daemon.state, name=name, seed=seed, ready_at=ready_at)

    @property
    def wallets(self) -> list[WalletState]:
        """All its wallet files, in the order they were created."""
        return [file.wallet for file in self.session.files.values()]

    def know(self, nodes: Mapping[str, NodeState]) -> None:
        """Get to know the nodes that set_daemon may name.

        Args:
            nodes: By ``host:port`` of their RPC.
        """
        self.session.nodes = nodes

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            RpcUnavailableError: The service is not up yet, or was stopped.
            HttpStatusError: The path is not ``/json_rpc``.
        """
        session = self.session
        if session.stopped or session.is_down or session.blockchain.now() < session.ready_at:
            raise RpcUnavailableError(f"{session.name} does not answer: connection refused")
        if path != JSON_RPC:
            raise HttpStatusError(HTTPStatus.NOT_FOUND, session.name)
        return answer(body, self._call)

    def _call(self, method: str, params: Json) -> Json:
        self.session.catch_up()
        return METHODS.call(method, self.session, params)
