"""Whether a daemon or wallet still answers: it is asked over HTTP now and then, and nobody ever waits for it."""

import selectors
import socket
from collections.abc import Callable
from errno import EINPROGRESS
from typing import Protocol

from monerosim.build.processes import MONEROD
from monerosim.plan.plan import HostPlan
from monerosim.plan.restarts import Restarts
from monerosim.units import SECOND

INTERVAL = 10 * SECOND
"""From an answer to the next question; at most a quarter of what the service may take to answer."""

WALLET_SHARE = 2
"""How many times a daemon's timeout a wallet gets: one whose daemon hangs cannot answer either, and goes on as soon as
the daemon has been killed."""

_TRY_INTERVAL = SECOND
"""Between two tries to reach a service that has not come up yet, or has hung up."""

_HEAD = "Host: localhost\r\nConnection: close\r\n"
_VERSION = '{"jsonrpc":"2.0","id":"0","method":"get_version"}'

ASK_DAEMON = f"GET /get_height HTTP/1.1\r\n{_HEAD}\r\n".encode()
"""For monerod: answered without waiting for a block that is being verified."""

ASK_WALLET = f"POST /json_rpc HTTP/1.1\r\n{_HEAD}Content-Length: {len(_VERSION)}\r\n\r\n{_VERSION}".encode()
"""For monero-wallet-rpc, which answers one request after the other."""


class Sockets(Protocol):
    """Waits for sockets, along with everything else that is waited for."""

    def watch(self, sock: socket.socket, events: int, react: Callable[[], None]) -> None:
        """Call ``react`` whenever a socket is ready for ``events`` (those of :mod:`selectors`), and for no others."""

    def forget(self, sock: socket.socket) -> None:
        """Watch a socket no more, if it is watched."""


class HealthCheck:
    """Asks one service whether it answers, one question at a time.

    Any answer will do, also an error: it shows that the service takes requests and comes back from them.

    Args:
        address: Where it is.
        request: What it is asked.
        timeout: How long it may take to answer, and to answer for the first time, in microseconds.
        sockets: Who waits for sockets.
        now: The time in microseconds.
    """

    def __init__(
        self,
        address: tuple[str, int],
        request: bytes,
        timeout: tuple[int, int],
        sockets: Sockets,
        now: Callable[[], int],
    ) -> None:
        self._address = address
        self._request = request
        self._usual, self._at_first = timeout
        self._patience = self._at_first
        self._sockets = sockets
        self._now = now
        self._connection: socket.socket | None = None
        self._next: int | None = None
        self._unanswered: int | None = None

    @property
    def due(self) -> int | None:
        """When something is to be done next; None if nothing is."""
        dues = [self._next]
        if self._unanswered is not None:
            dues.append(self._unanswered + self._patience)
        return min((due for due in dues if due is not None), default=None)

    @property
    def silent(self) -> int | None:
        """How long it has not answered, if that is longer than it may take."""
        silent = None if self._unanswered is None else self._now() - self._unanswered
        return silent if silent is not None and silent >= self._patience else None

    def begin(self) -> None:
        """Begin to ask: the service has been started."""
        self._patience = self._at_first
        self._next = self._unanswered = self._now()

    def end(self) -> None:
        """Ask no more: the service has ended."""
        self._hang_up()
        self._next = self._unanswered = None

    def ask(self) -> None:
        """Ask, if it is time to."""
        if self._next is None or self._now() < self._next:
            return
        self._next = None
        if self._unanswered is None:
            self._unanswered = self._now()
        try:
            self._connection = connection = socket.socket()
        except OSError:
            # There are no more file descriptors at the moment.
            self._try_again()
            return
        connection.setblocking(False)
        if connection.connect_ex(self._address) in (0, EINPROGRESS):
            self._sockets.watch(connection, selectors.EVENT_WRITE, lambda: self._send(connection))
        else:
            self._try_again()

    def _send(self, connection: socket.socket) -> None:
        try:
            # A request is far smaller than a new connection's buffer.
            connection.sendall(self._request)
        except OSError:
            self._try_again()
        else:
            self._sockets.watch(connection, selectors.EVENT_READ, lambda: self._receive(connection))

    def _receive(self, connection: socket.socket) -> None:
        try:
            answered = bool(connection.recv(4096))
        except OSError:
            answered = False
        if answered:
            self._hang_up()
            self._unanswered = None
            self._patience = self._usual
            self._next = self._now() + min(INTERVAL, self._usual // 4)
        else:
            self._try_again()

    def _try_again(self) -> None:
        self._hang_up()
        self._next = self._now() + _TRY_INTERVAL

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._sockets.forget(self._connection)
            self._connection.close()
            self._connection = None


def health_check(
    host: HostPlan, process: str, limits: Restarts, sockets: Sockets, now: Callable[[], int]
) -> HealthCheck | None:
    """Make the check of a host's program; None for one that is no service, such as an agent."""
    timeout, at_first = int(limits.timeout), int(limits.start_timeout)
    if host.node is not None and process == MONEROD:
        return HealthCheck((host.address, host.node.rpc_port), ASK_DAEMON, (timeout, at_first), sockets, now)
    for wallet in host.wallets:
        if process == wallet.name:
            timeout, at_first = timeout * WALLET_SHARE, at_first * WALLET_SHARE
            return HealthCheck((host.address, wallet.rpc_port), ASK_WALLET, (timeout, at_first), sockets, now)
    return None
