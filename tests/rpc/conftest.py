"""A client and the small server it talks to."""

import socket

import pytest
from small_server import Server

from monerosim.rpc.client import RpcClient
from monerosim.rpc.http import HttpTransport


@pytest.fixture
def start_server():
    servers = []

    def start(port=0):
        servers.append(Server(port))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def connect():
    transports = []

    def make(port):
        transports.append(HttpTransport("monerod of alice", f"http://127.0.0.1:{port}"))
        return transports[-1]

    yield make
    for transport in transports:
        transport.close()


@pytest.fixture
def transport(server, connect):
    return connect(server.server_port)


class SleepingClock(list):
    """A clock that moves only when somebody sleeps; lists how long."""

    def now(self):
        return float(sum(self))

    def sleep(self, seconds):
        self.append(seconds)


@pytest.fixture
def slept():
    return SleepingClock()


@pytest.fixture
def client(transport, slept):
    return RpcClient(transport, slept)
