"""Who may ask at all: the middleware before every request.

A page of another site must neither read what the server has nor have it do anything. Its browser names the other site
in ``Origin``; and where a name of that site was made to lead here (DNS rebinding), ``Host`` has that name.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Collection
from http import HTTPStatus
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monerosim.serve.operation import refused

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""What pages may load and run: nothing from elsewhere, and no text as code."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

RATE = 100.0
"""Requests a second from one address, on average."""

BURST = 400.0
"""Requests from one address at once."""

_MOST_ADDRESSES = 1000


class Guard:
    """Refuses what comes from elsewhere or too often, and adds the headers that keep pages harmless.

    Args:
        app: What answers the rest.
        names: What the server may be called beside ``localhost`` and addresses.
        loopback: Whether it listens on loopback only, so that addresses have to be loopback's.
        rate: Requests a second from one address.
        burst: Requests from one address at once.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Collection[str] = (),
        loopback: bool = True,
        rate: float = RATE,
        burst: float = BURST,
    ) -> None:
        self._app = app
        self._names = {"localhost", *names}
        self._loopback = loopback
        self._rate, self._burst = rate, burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"this server does not speak {scope['type']}")

        begun = False

        async def send_guarded(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._problem(scope)
        answer = self._app if problem is None else refused(*problem)
        try:
            await answer(scope, receive, send_guarded)
        except asyncio.CancelledError:
            # The server ends, and waits for this answer no longer.
            if not begun:
                await refused(HTTPStatus.SERVICE_UNAVAILABLE, "the server ends")(scope, receive, send_guarded)

    def _problem(self, scope: Scope) -> tuple[HTTPStatus, str] | None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_own(host):
            return HTTPStatus.FORBIDDEN, "this server is not called so: Host"
        if origin is not None and origin != f"{scope['scheme']}://{host}":
            return HTTPStatus.FORBIDDEN, "pages of other sites may ask nothing: Origin"
        if headers.get("sec-fetch-site") == "cross-site" and scope["path"].startswith("/api/"):
            return HTTPStatus.FORBIDDEN, "pages of other sites may ask nothing: Sec-Fetch-Site"
        if not self._spend(scope["client"][0] if scope.get("client") else ""):
            return HTTPStatus.TOO_MANY_REQUESTS, "too many requests"
        return None

    def _is_own(self, host: str) -> bool:
        name = host.rpartition(":")[0] if ":" in host and not host.endswith("]") else host
        if name in self._names:
            return True
        try:
            address = ip_address(name.removeprefix("[").removesuffix("]"))
        except ValueError:
            return False
        return address.is_loopback or not self._loopback

    def _spend(self, address: str) -> bool:
        """Take one request off an address's allowance; return whether there was one left."""
        now = time.monotonic()
        left, since = self._left.pop(address, (self._burst, now))
        left = min(self._burst, left + (now - since) * self._rate)
        self._left[address] = (max(0.0, left - 1), now)
        if len(self._left) > _MOST_ADDRESSES:
            self._left.popitem(last=False)
        return left >= 1
