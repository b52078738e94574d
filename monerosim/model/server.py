"""The model over HTTP, for programs that talk to monerod and monero-wallet-rpc."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

import msgspec
from waitress.server import create_server

from monerosim.model.jsonrpc import JSON_RPC, HttpStatusError, refusal, unreadable
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json

MAX_REQUEST = 16 * 1024 * 1024
"""Size of the largest request that is accepted, bytes."""

LOOPBACK = "127.0.0.1"

MOST_CONNECTIONS = 1000
"""Open connections a port; a client that has more than this many waits."""

IDLE_TIMEOUT = 10
"""Seconds after which a connection is closed that has sent no whole request."""

_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

_Start: TypeAlias = Callable[[str, list[tuple[str, str]]], object]


class Service(Protocol):
    """A modelled daemon or wallet."""

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request."""


class _Application:
    """A WSGI application around a service."""

    def __init__(self, service: Service, lock: threading.Lock) -> None:
        self._service = service
        self._lock = lock

    def __call__(self, environ: dict[str, object], start: _Start) -> Iterable[bytes]:
        if not _is_from_here(environ):
            return _answer(start, HTTPStatus.FORBIDDEN, b"only programs of this machine may ask, no web page")
        path = str(environ["PATH_INFO"])
        try:
            body = self._body(environ)
        except (ValueError, RecursionError):
            if path != JSON_RPC:
                return _answer(start, HTTPStatus.BAD_REQUEST)
            return _answer(start, HTTPStatus.OK, msgspec.json.encode(refusal(unreadable())), "application/json")
        try:
            with self._lock:
                answer = self._service.post(path, body)
        except HttpStatusError as error:
            return _answer(start, error.status)
        except RpcUnavailableError as error:
            return _answer(start, HTTPStatus.SERVICE_UNAVAILABLE, str(error).encode())
        return _answer(start, HTTPStatus.OK, msgspec.json.encode(answer), "application/json")

    @staticmethod
    def _body(environ: dict[str, object]) -> dict[str, Json]:
        stream = environ["wsgi.input"]
        data = stream.read(MAX_REQUEST)  # type: ignore[attr-defined]  # a file, by the WSGI specification
        body: dict[str, Json] = msgspec.json.decode(data or b"{}")
        if not isinstance(body, dict):
            raise msgspec.DecodeError("no object")
        return body


def _is_from_here(environ: Mapping[str, object]) -> bool:
    """Return whether a request is addressed to loopback, and not made by a web page from elsewhere.

    A page of any site can have a browser send requests to loopback, by a name of its own that it makes point there, too
    (DNS rebinding): it is known by its ``Origin`` and ``Host``.
    """
    origin = environ.get("HTTP_ORIGIN")
    addressed = [f"//{environ.get('HTTP_HOST') or LOOPBACK}", *([] if origin is None else [str(origin)])]
    try:
        return all(urlsplit(one).hostname in _OWN_NAMES for one in addressed)
    except ValueError:
        return False


def _answer(start: _Start, status: HTTPStatus, body: bytes = b"", kind: str = "text/plain") -> list[bytes]:
    start(f"{status.value} {status.phrase}", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


class ModelServer:
    """Serves several modelled services on loopback ports, one request at a time, until the process ends.

    Args:
        services: Each service and its port before it; port 0 chooses a free one.

    Raises:
        OSError: A port is taken.
    """

    def __init__(self, services: Iterable[tuple[int, Service]]) -> None:
        # That a request waits for the one before is as it should be, and nothing to warn of.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self.lock = threading.Lock()
        self._servers = [
            create_server(
                _Application(service, self.lock),
                host=LOOPBACK,
                port=port,
                threads=1,
                max_request_body_size=MAX_REQUEST,
                connection_limit=MOST_CONNECTIONS,
                channel_timeout=IDLE_TIMEOUT,
                cleanup_interval=IDLE_TIMEOUT // 2,
                # select() stands no more than 1,024 open files.
                asyncore_use_poll=True,
            )
            for port, service in services
        ]
        for server in self._servers:
            threading.Thread(target=server.run, daemon=True).start()

    @property
    def ports(self) -> list[int]:
        """The ports, in the order of the services."""
        return [server.effective_port for server in self._servers]
