"""The model over HTTP, for programs that talk to monerod and monero-wallet-rpc."""

import logging
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Protocol, TypeAlias
from urllib.parse import urlsplit

import msgspec
from waitress import wasyncore
from waitress.server import create_server

from monerosim.model.errors import HttpStatusError, unreadable
from monerosim.model.jsonrpc import JSON_RPC, refusal
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json

MAX_REQUEST = 16 * 1024 * 1024
"""Size of the largest request that is accepted, bytes."""

LOOPBACK = "127.0.0.1"

MOST_CONNECTIONS = 1000
"""Open connections a port; a client that has more than this many waits."""

IDLE_TIMEOUT = 10
"""Seconds after which a connection is closed that has sent no whole request."""

_CLOSING = 1.0
"""Seconds to wait for a request that is being answered when the server is closed."""

_OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

_Start: TypeAlias = Callable[[str, list[tuple[str, str]]], object]


class Service(Protocol):
    """A modelled daemon or wallet."""

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request."""


class _Application:
    """A WSGI application around a service."""

    def __init__(self, service: Service, lock: threading.RLock, on_answered: Callable[[], None]) -> None:
        self._service = service
        self._lock = lock
        self._on_answered = on_answered

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
                self._on_answered()
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


def _listener(port: int) -> socket.socket:
    """Take a port of loopback, before a server starts its threads.

    Raises:
        OSError: It is taken; the message names it.
    """
    listener = socket.socket()
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"port {port} of {LOOPBACK}: {error.strerror}") from error
    return listener


class ModelServer:
    """Serves several modelled services on loopback ports, one request at a time, until it is closed.

    Args:
        services: Each service and its port before it; port 0 chooses a free one.
        on_answered: Called after each request that a service has answered, before the answer is sent.

    Raises:
        OSError: A port is taken; the message names it.

    Attributes:
        lock: Held while a request is answered; whoever else touches the services holds it, too.
    """

    def __init__(self, services: Iterable[tuple[int, Service]], on_answered: Callable[[], None] = lambda: None) -> None:
        # That a request waits for the one before is as it should be, and nothing to warn of.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self.lock = threading.RLock()
        self.ports: list[int] = []
        """The ports, in the order of the services."""
        self._closing: list[Callable[[], None]] = []
        try:
            for port, service in services:
                self._serve(port, _Application(service, self.lock, on_answered))
        except OSError:
            self.close()
            raise

    def _serve(self, port: int, application: _Application) -> None:
        open_files: dict[int, object] = {}
        server = create_server(
            application,
            map=open_files,
            sockets=[_listener(port)],
            threads=1,
            max_request_body_size=MAX_REQUEST,
            connection_limit=MOST_CONNECTIONS,
            channel_timeout=IDLE_TIMEOUT,
            cleanup_interval=IDLE_TIMEOUT // 2,
            # select() stands no more than 1,024 open files.
            asyncore_use_poll=True,
        )
        self.ports.append(server.effective_port)
        thread = threading.Thread(target=server.run, daemon=True, name=f"model on port {server.effective_port}")
        thread.start()

        def close() -> None:
            # Its loop ends when nothing is open any more; only its own thread may close what it polls.
            server.trigger.pull_trigger(lambda: wasyncore.close_all(open_files))
            thread.join(_CLOSING)
            server.task_dispatcher.shutdown(timeout=_CLOSING)

        self._closing.append(close)

    def close(self) -> None:
        """Stop serving and close the ports."""
        while self._closing:
            self._closing.pop()()
