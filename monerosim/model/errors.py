"""What the modelled services answer instead of a result."""

from http import HTTPStatus

from monerosim.rpc.errors import RpcProtocolError

PARSE_ERROR = -32700
NO_METHOD = -32601


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
    return ServiceError(NO_METHOD, "Method not found")


def unreadable() -> ServiceError:
    """Return the error for a request that epee's JSON reader does not accept."""
    return ServiceError(PARSE_ERROR, "Parse error")
