"""The verbs of a network for tests as a JSON-RPC, for programs that are not written in Python."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from monerosim.model.jsonrpc import (
    JSON_RPC,
    HttpStatusError,
    Params,
    ServiceError,
    answer,
    integer,
    mapping,
    no_method,
    text,
)
from monerosim.rpc.errors import RpcError
from monerosim.rpc.transport import Json
from monerosim.testing.monero import Monero, TestingError

_REFUSED = -1


class Control:
    """Has a network do what it is asked to.

    The methods are ``describe`` and the verbs, with the names and parameters of :class:`monerosim.testing.Monero`;
    ``mine`` and ``reorg`` return ``blocks``, the hashes of the new blocks.

    Args:
        monero: The network.
    """

    def __init__(self, monero: Monero) -> None:
        self._monero = monero
        self._methods: dict[str, Callable[[Params], dict[str, Json]]] = {
            "describe": lambda _: dict(monero.describe()),
            "mine": self._mine,
            "reorg": self._reorg,
            "advance": self._advance,
            "drop": self._drop,
            "lag": self._lag,
            "catch_up": self._catch_up,
        }

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            HttpStatusError: The path is not ``/json_rpc``.
        """
        if path != JSON_RPC:
            raise HttpStatusError(HTTPStatus.NOT_FOUND)
        return answer(body, self._call)

    def _call(self, method: str, params: Json) -> Json:
        found = self._methods.get(method)
        if found is None:
            raise no_method()
        try:
            return found(mapping(params))
        except (TestingError, RpcError, ValueError) as error:
            raise ServiceError(_REFUSED, str(error)) from error

    def _mine(self, params: Params) -> dict[str, Json]:
        blocks, node, to = integer(params, "blocks", 1), integer(params, "node"), text(params, "to")
        return {"blocks": list(self._monero.mine(blocks, node=node, to=to or None))}

    def _reorg(self, params: Params) -> dict[str, Json]:
        return {"blocks": list(self._monero.reorg(integer(params, "depth"), node=integer(params, "node")))}

    def _advance(self, params: Params) -> dict[str, Json]:
        self._monero.advance(text(params, "duration"))
        return {}

    def _drop(self, params: Params) -> dict[str, Json]:
        self._monero.drop(text(params, "txid"))
        return {}

    def _lag(self, params: Params) -> dict[str, Json]:
        self._monero.lag(integer(params, "node"))
        return {}

    def _catch_up(self, params: Params) -> dict[str, Json]:
        self._monero.catch_up(integer(params, "node"))
        return {}
