"""JSON-RPC as epee's HTTP server does it: envelopes, parameters, errors.

A parameter that is null counts as absent (contrib/epee/include/storages/portable_storage_from_json.h).
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeAlias

from monerosim.rpc.errors import RpcProtocolError
from monerosim.rpc.transport import Json

Params: TypeAlias = Mapping[str, Json]
Method: TypeAlias = Callable[[Params], dict[str, Json]]

JSON_RPC = "/json_rpc"
"""The path that JSON-RPC requests are posted to."""

MAX_UINT32 = 2**32 - 1
MAX_UINT64 = 2**64 - 1
_NOTHING: Params = {}
_PARSE_ERROR = -32700
_NO_METHOD = -32601


class ServiceError(Exception):
    """An error that the service answers instead of a result.

    Attributes:
        code: The JSON-RPC error code.
        message: The error's text.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class HttpStatusError(RpcProtocolError):
    """An HTTP status that the service answers instead of a document.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, status: HTTPStatus, service: str = "") -> None:
        super().__init__(f"{service}: status {status.value}".removeprefix(": "))
        self.status = status


def invalid_params() -> ServiceError:
    """Return the error for a parameter of the wrong type."""
    return ServiceError(-32602, "Invalid params")


def no_method() -> ServiceError:
    """Return the error for a method that the service does not have."""
    return ServiceError(_NO_METHOD, "Method not found")


def unreadable() -> ServiceError:
    """Return the error for a request that epee's JSON reader does not accept."""
    return ServiceError(_PARSE_ERROR, "Parse error")


def answer(body: Mapping[str, Json], call: Callable[[str, Json], Json]) -> dict[str, Json]:
    """Answer a JSON-RPC request.

    Args:
        body: The request.
        call: Carries out a method, given its name and parameters; raises :class:`ServiceError`.

    Raises:
        HttpStatusError: The method's name is not a string.
    """
    identity, method = _given(body, "id"), _given(body, "method")
    if method is None:
        return refusal(ServiceError(-32600, "Invalid Request"))
    if not isinstance(method, str):
        raise HttpStatusError(HTTPStatus.INTERNAL_SERVER_ERROR)
    try:
        return {"id": 0 if identity is None else identity, "jsonrpc": "2.0", "result": call(method, body.get("params"))}
    except ServiceError as error:
        if error.code == _PARSE_ERROR:
            return refusal(error)
        if identity is None:
            return refusal(error, "" if error.code == _NO_METHOD else 0)
        return refusal(error, identity)


def refusal(error: ServiceError, identity: Json = 0) -> dict[str, Json]:
    """Return the answer that carries an error."""
    return {"error": {"code": error.code, "message": error.message}, "id": identity, "jsonrpc": "2.0"}


def mapping(params: Json) -> Params:
    """Return the parameters if they are an object, else an empty one, as epee does."""
    return params if isinstance(params, dict) else _NOTHING


def integer(params: Params, name: str, default: int = 0, largest: int = MAX_UINT64) -> int:
    """Read an unsigned integer; one of 64 bits may be a string of digits (``convert_to_integral``)."""
    value = _given(params, name)
    if value is None:
        return default
    if isinstance(value, str) and largest == MAX_UINT64:
        value = _digits(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise invalid_params()
    if value > MAX_UINT64:
        raise unreadable()
    if value > largest:
        raise invalid_params()
    return value


def _digits(value: str) -> int:
    if not (value.isdecimal() and value.isascii() and len(value) <= 20 and int(value) <= MAX_UINT64):  # noqa: PLR2004
        raise invalid_params()
    return int(value)


def text(params: Params, name: str, default: str = "") -> str:
    """Read a string."""
    value = _given(params, name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise invalid_params()
    return value


def flag(params: Params, name: str, *, default: bool = False) -> bool:
    """Read a boolean."""
    value = _given(params, name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise invalid_params()
    return value


def _given(params: Params, name: str) -> Json:
    """Read anything; an empty list counts as absent."""
    value = params.get(name)
    return None if value == [] else value


def texts(params: Params, name: str) -> list[str]:
    """Read a list of strings; anything but a list counts as an empty one."""
    values = params.get(name)
    if not isinstance(values, list):
        return []
    found = [value for value in values if isinstance(value, str)]
    if len(found) != len(values):
        raise invalid_params()
    return found


def integers(params: Params, name: str) -> list[int]:
    """Read a list of unsigned integers of 32 bits; anything but a list counts as an empty one."""
    values = params.get(name)
    if not isinstance(values, list):
        return []
    if any(value is None or isinstance(value, list) for value in values):
        raise unreadable()
    return [integer({name: value}, name, largest=MAX_UINT32) for value in values]


def objects(params: Params, name: str) -> list[Params]:
    """Read a list of objects; anything but a list counts as an empty one."""
    values = params.get(name)
    if not isinstance(values, list):
        return []
    found: list[Params] = [value for value in values if isinstance(value, dict)]
    if len(found) != len(values):
        raise invalid_params()
    return found


def wide(name: str, value: int) -> dict[str, Json]:
    """Return a number of up to 128 bits as monerod answers it: the low and the high half, and all in hexadecimal."""
    return {name: value % 2**64, f"{name}_top64": value >> 64, f"wide_{name}": hex(value)}


def is_hash(value: str) -> bool:
    """Return whether a string is 64 hexadecimal digits."""
    return len(value) == 64 and is_hex(value)  # noqa: PLR2004  (32 bytes)


def is_hex(value: str) -> bool:
    """Return whether a string is whole bytes in hexadecimal digits; an empty one is."""
    try:
        bytes.fromhex(value)
    except ValueError:
        return False
    return value.isalnum() or not value
