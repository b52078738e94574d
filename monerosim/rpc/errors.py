"""What can go wrong when a daemon or a wallet is asked something."""


class RpcError(Exception):
    """Asking a service did not give a result."""


class RpcUnavailableError(RpcError):
    """Nothing answered: refused, not up yet. The call has certainly not been carried out."""


class RpcDoubtfulError(RpcError):
    """The exchange broke after the request may have been received: it may or may not have been carried out."""


class RpcProtocolError(RpcDoubtfulError):
    """Something answered, but not with what the protocol says."""


class RpcCallError(RpcError):
    """The service understood the call and refused it.

    Attributes:
        code: The JSON-RPC error code (monero's src/wallet/wallet_rpc_server_error_codes.h and
            src/rpc/core_rpc_server_error_codes.h).
        message: The service's own words.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} (code {code})")
        self.code = code
        self.message = message
