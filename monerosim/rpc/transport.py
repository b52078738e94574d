"""The interface of transports: post a JSON document, return the answer."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""


class Transport(Protocol):
    """A connection to one service (monerod or monero-wallet-rpc): HTTP, or the model in this process."""

    @property
    def address(self) -> str:
        """The service's address, for messages: ``host (address:port)``."""

    def post(self, path: str, body: Mapping[str, Json], timeout: float) -> Json:
        """Post ``body`` to ``path`` (``/json_rpc``, ``/get_transaction_pool``, ...) and return the answer.

        Raises:
            RpcUnavailableError: Nothing listens there, or not yet.
            RpcDoubtfulError: No complete answer within ``timeout`` seconds, or the connection broke.
            RpcProtocolError: The answer is not JSON.
        """
