"""The transport of real services: one keep-alive HTTP session."""

from collections.abc import Mapping
from time import monotonic

import msgspec
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from monerosim.rpc.errors import RpcDoubtfulError, RpcProtocolError, RpcUnavailableError
from monerosim.rpc.transport import Json

MAX_ANSWER = 64 * 1024 * 1024
"""The largest answer that is read, in bytes."""

IDLE = 10.0
"""Seconds without a call after which a new connection is made. Both services close one that has been idle for five
minutes, sooner when they have many (``get_default_timeout``, contrib/epee/include/net/abstract_tcp_server2.inl); a
payment requested at that moment would be in doubt."""

CONNECTING = 5.0
"""Seconds until a service that does not even refuse a connection counts as one that is not there."""

_CHUNK = 64 * 1024
_OK = 200


class HttpTransport:
    """An HTTP connection to a service.

    Args:
        name: The service, for messages.
        url: ``http://address:port``.
    """

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = url
        self._session = requests.Session()
        # Proxies in the environment are for the internet, not for the simulated network.
        self._session.trust_env = False
        self._last = monotonic()

    @property
    def address(self) -> str:
        """The service's address, for messages."""
        return f"{self._name} ({self._url})"

    def post(self, path: str, body: Mapping[str, Json], timeout: float) -> Json:
        """Post a JSON document and return the answer.

        Raises:
            RpcUnavailableError: The connection was not made.
            RpcDoubtfulError: The connection broke, or the answer did not come within ``timeout`` seconds.
            RpcProtocolError: The answer is not JSON, or too large.
        """
        if monotonic() - self._last >= IDLE:
            self._session.close()
        try:
            with self._session.post(
                self._url + path,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
                timeout=(min(timeout, CONNECTING), timeout),
                stream=True,
                allow_redirects=False,
            ) as response:
                data = self._read(response, monotonic() + timeout)
                status = response.status_code
        except requests.ConnectTimeout as error:
            raise RpcUnavailableError(f"{self.address}: {error}") from error
        except requests.ConnectionError as error:
            kind = RpcUnavailableError if _refused(error) else RpcDoubtfulError
            raise kind(f"{self.address}: {error}") from error
        except requests.RequestException as error:
            raise RpcDoubtfulError(f"{self.address}: {error}") from error
        finally:
            self._last = monotonic()
        try:
            answer: Json = msgspec.json.decode(data)
        except (ValueError, RecursionError) as error:
            shown = data[:60].decode(errors="replace")
            raise RpcProtocolError(f"{self.address}: status {status}, no JSON: {shown!r}") from error
        if status != _OK:
            raise RpcProtocolError(f"{self.address}: status {status}")
        return answer

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _read(self, response: requests.Response, end: float) -> bytes:
        data = bytearray()
        for chunk in response.iter_content(_CHUNK):
            data += chunk
            if len(data) > MAX_ANSWER:
                raise RpcProtocolError(f"{self.address}: an answer of more than {MAX_ANSWER} bytes")
            if monotonic() > end:
                raise RpcDoubtfulError(f"{self.address}: the answer was not whole in time")
        return bytes(data)


def _refused(error: BaseException) -> bool:
    """Return whether the connection was never made, so that the service cannot have received anything."""
    reason = error.args[0] if error.args else None
    return isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)
