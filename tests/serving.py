"""Servers for tests: in this process on a port of its own, or ``monerosim serve`` in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager

import requests
import uvicorn

from monerosim.serve.app import make_app
from monerosim.serve.server import EndingServer, address_of, listen
from monerosim.serve.site import Rights, Site

TOKEN = "a-token"  # noqa: S105
NEVER_LONGER = 120
ALL = Rights(commands=True, runs=True)
AUTHORISED = {"Authorization": f"Bearer {TOKEN}"}


class Asking(requests.Session):
    """Asks one server: paths instead of URLs."""

    def __init__(self, address):
        super().__init__()
        self.address = address

    def request(self, method, url, **options):
        return super().request(method, self.address + url, **({"timeout": 60} | options))


@contextmanager
def asking(directory, rights=ALL, **options):
    """Serve a directory from this process; no limit of rates, unless ``options`` has one."""
    site = Site(directory, TOKEN, rights)
    app = make_app(site, **({"rate": 1e9, "burst": 1e9} | options))
    server = EndingServer(uvicorn.Config(app, log_level="warning", ws="none", lifespan="off"), site)
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with site, Asking(address_of(listening)) as session:
            yield session
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def served(directory, *options, number=signal.SIGINT):
    """Start ``monerosim serve`` and yield its address and its token; at the signal it ends in order."""
    command = [sys.executable, "-m", "monerosim.cli", "serve", str(directory), "--port", "0", *options]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, **pipes, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    try:
        address, token = re.search(r"(http://\S+)/#token=(\S+)", process.stdout.readline()).groups()
        yield Asking(address), token
    finally:
        process.send_signal(number)
        _, complaints = process.communicate(timeout=NEVER_LONGER)
    assert process.returncode == 0
    assert "Traceback" not in complaints


def streamed(asked, last="", most=10**9, **query):
    """Return a stream's events, all or as many as asked for, and the id after which to go on: None at its end."""
    found, id_ = [], ""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    with asked.get("/api/events", params=query, headers=headers, stream=True) as stream:
        for line in stream.iter_lines(decode_unicode=True):
            if line == "event: end":
                return found, None
            if line.startswith("id: "):
                id_ = line[4:]
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
                if len(found) == most:
                    break
    return found, id_


def until(condition):
    """Wait until something is so."""
    end = time.monotonic() + NEVER_LONGER
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
