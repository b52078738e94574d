"""Nodes and wallets as a test sees them: where they are, and calls to them."""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcProtocolError
from monerosim.rpc.http import HttpTransport
from monerosim.rpc.node import NodeRpc
from monerosim.rpc.transport import Json
from monerosim.rpc.wallet import Destination, WalletRpc
from monerosim.units import parse_amount

WALLET_FILE = "wallet"
"""The name of the wallet file of each wallet."""


class _WallClock:
    """The machine's clock, on which calls are repeated."""

    @staticmethod
    def now() -> float:
        return time.monotonic()

    @staticmethod
    def sleep(seconds: float) -> None:
        time.sleep(seconds)


class _Service:
    """A daemon or wallet over HTTP.

    Args:
        name: Its name, for messages.
        url: ``http://address:port``.

    Attributes:
        name: Its name.
        url: ``http://address:port``, to be given to the program under test.
    """

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._transport = HttpTransport(name, url)
        self._client = RpcClient(self._transport, _WallClock)

    @property
    def port(self) -> int:
        """The port of its URL, for client libraries that want it by itself."""
        return urlsplit(self.url).port or 0

    def call(self, method: str, **params: Json) -> dict[str, Json]:
        """Call a JSON-RPC method and return its result.

        Raises:
            RpcError: It was refused (:class:`monerosim.rpc.errors.RpcCallError`), or nothing answers.
        """
        result: dict[str, Json] = self._client.call(method, params, dict, repeat=False)
        return result

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


class Node(_Service):
    """A node of the network.

    Args:
        name: Its name, for messages.
        url: ``http://address:port`` of its RPC.
        zmq: Where it publishes by ZMQ; empty if it does not.

    Attributes:
        name: Its name.
        url: ``http://address:port`` of its RPC, to be given to the program under test.
        zmq: Where it publishes (monerod's ``--zmq-pub``), ``tcp://address:port``; empty if it does not.
        rpc: Its RPC, typed.
    """

    def __init__(self, name: str, url: str, zmq: str = "") -> None:
        super().__init__(name, url)
        self.zmq = zmq
        self.rpc = NodeRpc(self._client)

    def post(self, path: str, **body: Json) -> dict[str, Json]:
        """Call an endpoint outside JSON-RPC, such as ``/get_transactions``, and return its answer.

        Raises:
            RpcError: It was refused, or nothing answers.
        """
        answer = self._transport.post(path, body, timeout=60)
        if not isinstance(answer, dict):
            raise RpcProtocolError(f"{path}: the answer is not a JSON object")
        return answer

    @property
    def height(self) -> int:
        """The number of its blocks, the genesis block included."""
        return self.rpc.get_info().height

    @property
    def tip(self) -> str:
        """The hash of its newest block."""
        return self.rpc.get_info().top_block_hash

    @property
    def pool(self) -> list[str]:
        """The hashes of the transactions in its pool."""
        return [transaction.id_hash for transaction in self.rpc.get_transaction_pool()]


class Wallet(_Service):
    """A monero-wallet-rpc with an open wallet, whose file is named ``wallet`` and has no password.

    Args:
        name: Its name, for messages.
        url: ``http://address:port`` of its RPC.
        node: The node it asks.

    Attributes:
        name: Its name.
        url: ``http://address:port`` of its RPC, to be given to the program under test.
        node: The node it asks.
        rpc: Its RPC, typed.
        address: Its primary address; empty before :meth:`create`.
    """

    def __init__(self, name: str, url: str, node: Node) -> None:
        super().__init__(name, url)
        self.node = node
        self.rpc = WalletRpc(self._client)
        self.address = ""

    def create(self) -> None:
        """Create the wallet file."""
        self.rpc.create_wallet(WALLET_FILE)
        (self.address,) = self.rpc.get_addresses()

    def pay(self, to: "Wallet | str", amount: str | float) -> str:
        """Pay, and return the transaction's hash.

        Args:
            to: A wallet or an address.
            amount: Such as ``"1.5 XMR"``, or a number of XMR.

        Raises:
            RpcError: The wallet refuses.
        """
        address = to.address if isinstance(to, Wallet) else to
        return self.rpc.transfer([Destination(amount=parse_amount(amount), address=address)]).tx_hash

    @property
    def balance(self) -> int:
        """What it holds, atomic units."""
        return self.rpc.get_balance().balance

    @property
    def unlocked_balance(self) -> int:
        """What it can spend, atomic units."""
        return self.rpc.get_balance().unlocked_balance


def described(nodes: list[Node], wallets: list[Wallet]) -> Mapping[str, Json]:
    """Return where nodes and wallets are."""
    return {
        "nodes": [{"name": node.name, "rpc": node.url, **({"zmq": node.zmq} if node.zmq else {})} for node in nodes],
        "wallets": [
            {"name": wallet.name, "rpc": wallet.url, "address": wallet.address, "node": wallet.node.name}
            for wallet in wallets
        ],
    }
