"""JSON-RPC as epee's HTTP server does it: envelopes, parameters, errors.

A parameter that is null counts as absent (contrib/epee/include/storages/portable_storage_from_json.h).
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from monerosim.rpc.transport import Json

Params: TypeAlias = Mapping[str, Json]
Method: TypeAlias = Callable[[Params], dict[str, Json]]

MAX_UINT32 = 2**32 - 1
MAX_UINT64 = 2**64 - 1
_NOTHING: Params = {}
_TRUE = {"true": True, "false": False}


class ServiceError(Exception):
    """What the service answers instead of a result.

    Attributes:
        code: The JSON-RPC error code.
        message: The service's words.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_params() -> ServiceError:
    """Make the error of a parameter that is of the wrong type."""
    return ServiceError(-32602, "Invalid params")


def answer(body: Mapping[str, Json], call: Callable[[str, Json], Json]) -> dict[str, Json]:
    """Answer a JSON-RPC request.

    Args:
        body: The request.
        call: Carries out the method of a name with its parameters; raises :class:`ServiceError`.
    """
    identity, method = body.get("id", 0), body.get("method")
    if not isinstance(method, str) or not method:
        return {"error": {"code": -32600, "message": "Invalid Request"}, "id": identity, "jsonrpc": "2.0"}
    try:
        return {"id": identity, "jsonrpc": "2.0", "result": call(method, body.get("params"))}
    except ServiceError as error:
        return {"error": {"code": error.code, "message": error.message}, "id": identity, "jsonrpc": "2.0"}


def mapping(params: Json) -> Params:
    """Take what is no object for an empty one, as epee does."""
    return params if isinstance(params, dict) else _NOTHING


def integer(params: Params, name: str, default: int = 0, largest: int = MAX_UINT64) -> int:
    """Read an unsigned integer; digits in a string count."""
    value = params.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) <= 20:  # noqa: PLR2004
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise invalid_params()
    if value > MAX_UINT64:
        raise ServiceError(-32700, "Parse error")
    if value > largest:
        raise invalid_params()
    return value


def text(params: Params, name: str, default: str = "") -> str:
    """Read a string."""
    value = params.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid_params()
    return value


def flag(params: Params, name: str, *, default: bool = False) -> bool:
    """Read a truth value; a number or "true" counts."""
    value = params.get(name)
    if value is None:
        return default
    if isinstance(value, str) and value in _TRUE:
        return _TRUE[value]
    if not isinstance(value, bool | int):
        raise invalid_params()
    return bool(value)


def texts(params: Params, name: str) -> list[str]:
    """Read a list of strings; what is no list counts as none."""
    values = params.get(name)
    if not isinstance(values, list):
        return []
    found = [value for value in values if isinstance(value, str)]
    if len(found) != len(values):
        raise invalid_params()
    return found


def integers(params: Params, name: str) -> list[int]:
    """Read a list of small unsigned integers; what is no list counts as none."""
    values = params.get(name)
    if not isinstance(values, list):
        return []
    return [integer({name: value}, name, largest=MAX_UINT32) for value in values]


def objects(params: Params, name: str) -> list[Params]:
    """Read a list of objects; what is no list counts as none."""
    values = params.get(name)
    if not isinstance(values, list):
        return []
    found: list[Params] = [value for value in values if isinstance(value, dict)]
    if len(found) != len(values):
        raise invalid_params()
    return found


def is_hash(value: str) -> bool:
    """Tell whether a text is 64 hexadecimal digits."""
    if len(value) != 64:  # noqa: PLR2004  (32 bytes)
        return False
    try:
        bytes.fromhex(value)
    except ValueError:
        return False
    return value.isalnum()
