"""The one thing an RPC client needs of the world: post a JSON document, get one back."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""


class Transport(Protocol):
    """A way to one service (a monerod or a monero-wallet-rpc): HTTP, or the model in this process."""

    @property
    def address(self) -> str:
        """Where the service is, for messages: ``host (address:port)``."""

    def post(self, path: str, body: Mapping[str, Json], timeout: float) -> Json:
        """Post ``body`` to ``path`` (``/json_rpc``, ``/get_transaction_pool``, ...) and return the answer.

        Raises:
            RpcUnavailableError: Nothing listens there (yet).
            RpcDoubtfulError: No whole answer within ``timeout`` seconds, or the connection broke.
            RpcProtocolError: The answer is not JSON.
        """
