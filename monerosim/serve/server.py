"""Listening: the application on a port of this machine."""

import socket
from ipaddress import ip_address
from types import FrameType

import uvicorn

from monerosim.serve.app import make_app
from monerosim.serve.site import Site


class ServeError(Exception):
    """The server cannot be started; the message is for the user."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        ServeError: The address cannot be had.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        raise ServeError(f"cannot listen on {host}, port {port}: {error.strerror}") from error
    return listening


def address_of(listening: socket.socket) -> str:
    """Return the URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(site: Site, listening: socket.socket, host: str) -> None:
    """Answer requests until the process is told to end.

    Args:
        site: What is shown.
        listening: A socket that listens.
        host: What the user called it.
    """
    loopback = ip_address(listening.getsockname()[0]).is_loopback
    config = uvicorn.Config(
        make_app(site, names=[host], loopback=loopback),
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=1,
        limit_concurrency=200,
    )
    EndingServer(config, site).run(sockets=[listening])


class EndingServer(uvicorn.Server):
    """Ends the streams of a site when it is told to end; it would wait for them else, and they for their runs.

    Args:
        config: How it answers.
        site: What is shown.
    """

    def __init__(self, config: uvicorn.Config, site: Site) -> None:
        super().__init__(config)
        self._site = site

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End at a signal, at a second one at once.

        uvicorn would raise it again afterwards, which would end the process before the site has removed what it made.
        """
        del sig, frame
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more requests, and wait for those that are being answered."""
        self._site.ending.set()
        await super().shutdown(sockets)
