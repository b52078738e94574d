"""A server beside a run: in a process of its own, which does not slow the run, and ends with whoever plays it."""

import multiprocessing
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec

from monerosim.engines.die_with_parent import end_with_parent
from monerosim.serve.server import address_of, listen, serve
from monerosim.serve.site import Rights, Site

HOST = "127.0.0.1"

_PATIENCE = 10.0
"""Seconds that the process gets to end."""


class Beside(msgspec.Struct, frozen=True):
    """A server that was started."""

    address: str
    """With the token."""
    process: BaseProcess

    def wait(self) -> None:
        """Wait until the user ends it by Ctrl-C, or somebody else does."""
        try:
            self.process.join()
        except KeyboardInterrupt:
            return


@contextmanager
def beside(run: Path, port: int) -> Iterator[Beside]:
    """Serve a run directory while entered; those who have the token may steer the run.

    Args:
        run: The run directory.
        port: Where to listen; 0 for a free one.

    Raises:
        ServeError: The port cannot be had.
    """
    token = secrets.token_urlsafe(24)
    with listen(HOST, port) as listening:
        address = f"{address_of(listening)}/#token={token}"
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(run.resolve(), listening, token))
        process.start()
    try:
        yield Beside(address, process)
    finally:
        process.terminate()
        process.join(_PATIENCE)


def _serve(run: Path, listening: socket.socket, token: str) -> None:
    # Ctrl-C is for the run; it ends in order, and the server shows that.
    os.setsid()
    end_with_parent()
    with Site(run, token, Rights(commands=True)) as site:
        serve(site, listening, HOST)
