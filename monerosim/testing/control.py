"""The verbs of a network for tests as a JSON-RPC, for programs that are not written in Python."""

from collections.abc import Mapping
from http import HTTPStatus

from monerosim.model.errors import HttpStatusError, ServiceError
from monerosim.model.jsonrpc import JSON_RPC, Methods, answer
from monerosim.model.parameters import U64, Parameters
from monerosim.rpc.errors import RpcError
from monerosim.rpc.transport import Json
from monerosim.testing.monero import Monero, TestingError

_REFUSED = -1
_METHODS: Methods[Monero] = Methods()


class Control:
    """Has a network do what it is asked to.

    The methods are ``describe`` and the verbs, with the names and parameters of :class:`monerosim.testing.Monero`;
    ``mine`` and ``reorg`` return ``blocks``, the hashes of the new blocks.

    Args:
        monero: The network.
    """

    def __init__(self, monero: Monero) -> None:
        self._monero = monero

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            HttpStatusError: The path is not ``/json_rpc``.
        """
        if path != JSON_RPC:
            raise HttpStatusError(HTTPStatus.NOT_FOUND)
        return answer(body, self._call)

    def _call(self, method: str, params: Json) -> Json:
        try:
            return _METHODS.call(method, self._monero, params)
        except (TestingError, RpcError, ValueError) as error:
            raise ServiceError(_REFUSED, str(error)) from error


@_METHODS.method(Parameters, "describe")
def _describe(monero: Monero, _asked: Parameters) -> dict[str, Json]:
    return dict(monero.describe())


class _Mine(Parameters, frozen=True):
    blocks: U64 = 1
    node: U64 = 0
    to: str = ""


@_METHODS.method(_Mine, "mine")
def _mine(monero: Monero, asked: _Mine) -> dict[str, Json]:
    return {"blocks": list(monero.mine(asked.blocks, node=asked.node, to=asked.to or None))}


class _Reorg(Parameters, frozen=True):
    depth: U64 = 0
    node: U64 = 0


@_METHODS.method(_Reorg, "reorg")
def _reorg(monero: Monero, asked: _Reorg) -> dict[str, Json]:
    return {"blocks": list(monero.reorg(asked.depth, node=asked.node))}


class _Advance(Parameters, frozen=True):
    duration: str = ""


@_METHODS.method(_Advance, "advance")
def _advance(monero: Monero, asked: _Advance) -> dict[str, Json]:
    monero.advance(asked.duration)
    return {}


class _Drop(Parameters, frozen=True):
    txid: str = ""


@_METHODS.method(_Drop, "drop")
def _drop(monero: Monero, asked: _Drop) -> dict[str, Json]:
    monero.drop(asked.txid)
    return {}


class _AtNode(Parameters, frozen=True):
    node: U64 = 0


@_METHODS.method(_AtNode, "lag")
def _lag(monero: Monero, asked: _AtNode) -> dict[str, Json]:
    monero.lag(asked.node)
    return {}


@_METHODS.method(_AtNode, "catch_up")
def _catch_up(monero: Monero, asked: _AtNode) -> dict[str, Json]:
    monero.catch_up(asked.node)
    return {}
