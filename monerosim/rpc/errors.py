"""Errors of RPC calls, sorted by whether the call may have been carried out."""


class RpcError(Exception):
    """A call did not return a result."""


class RpcUnavailableError(RpcError):
    """Connection refused, or the service is not ready yet. The call was certainly not carried out."""


class RpcDoubtfulError(RpcError):
    """The exchange broke after the request may have been received: the call may have been carried out."""


class RpcProtocolError(RpcDoubtfulError):
    """The answer does not follow the protocol."""


class RpcCallError(RpcError):
    """The service understood the call and refused it.

    Attributes:
        code: The JSON-RPC error code (monero's src/wallet/wallet_rpc_server_error_codes.h and
            src/rpc/core_rpc_server_error_codes.h).
        message: The service's error message.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} (code {code})")
        self.code = code
        self.message = message
