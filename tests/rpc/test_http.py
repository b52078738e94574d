"""The transport of real services, against a real HTTP server."""

import threading
import time

import pytest
from small_server import break_off, document, hang_up, never, raw, then_close

from monerosim.rpc import http
from monerosim.rpc.errors import RpcDoubtfulError, RpcProtocolError, RpcUnavailableError


def test_a_document_is_posted_and_one_comes_back(server, transport):
    server.script = [document({"height": 7, "ü": [None, 1.5]})]
    assert transport.post("/get_info", {"a": ["ü", 1]}, 5) == {"height": 7, "ü": [None, 1.5]}
    assert server.requests == [("/get_info", {"a": ["ü", 1]})]


def test_the_connection_is_kept(server, transport):
    server.script = [document(number) for number in range(5)]
    assert [transport.post("/", {}, 5) for _ in range(5)] == list(range(5))
    assert len(set(server.connections)) == 1


def test_a_connection_that_has_been_idle_is_not_used_again(server, transport, monkeypatch):
    monkeypatch.setattr(http, "IDLE", 0.2)
    server.script = [document(number) for number in range(3)]
    for pause in (0, 0, 0.25):
        time.sleep(pause)
        transport.post("/", {}, 5)
    first, second, third = server.connections
    assert first == second != third


def test_the_address_names_service_and_place(server, transport):
    assert transport.address == f"monerod of alice (http://127.0.0.1:{server.server_port})"


def test_nobody_listens(connect, free_port):
    with pytest.raises(RpcUnavailableError, match=rf"monerod of alice .*:{free_port}.*refused"):
        connect(free_port).post("/", {}, 5)


def test_a_name_that_does_not_resolve_is_unavailable():
    transport = http.HttpTransport("monerod", "http://no-such-host.invalid:1")
    with pytest.raises(RpcUnavailableError):
        transport.post("/", {}, 5)
    transport.close()


@pytest.mark.parametrize("breakage", [hang_up, break_off])
def test_a_connection_that_breaks_leaves_a_doubt(server, transport, breakage):
    server.script = [breakage, document("fine")]
    with pytest.raises(RpcDoubtfulError, match="monerod of alice") as caught:
        transport.post("/", {}, 5)
    assert not isinstance(caught.value, RpcProtocolError)
    assert transport.post("/", {}, 5) == "fine"
    assert len(server.requests) == 2


def test_an_answer_that_does_not_come_in_time_leaves_a_doubt(server, transport):
    server.script = [never]
    with pytest.raises(RpcDoubtfulError, match="timed out"):
        transport.post("/", {}, 0.05)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (raw(200, b"<html>"), "status 200, no JSON: '<html>'"),
        (raw(200, b""), "no JSON: ''"),
        (raw(200, b'"\xff"'), "no JSON"),
        (raw(200, b"[" * 100_000), "no JSON"),
        (raw(500, b"oops" * 100), "status 500, no JSON: 'oopsoops"),
        (raw(500, b"{}"), "status 500"),
        (raw(401, b"{}"), "status 401"),
        (raw(404, b"not found"), "status 404"),
    ],
)
def test_what_is_no_answer_is_a_protocol_error(server, transport, answer, message):
    server.script = [answer, document("fine")]
    with pytest.raises(RpcProtocolError, match=message) as caught:
        transport.post("/", {}, 5)
    assert len(str(caught.value)) < 200
    assert transport.post("/", {}, 5) == "fine"


def test_an_answer_is_bounded(server, transport, monkeypatch):
    monkeypatch.setattr(http, "MAX_ANSWER", 1000)
    server.script = [document("x" * 998), document("x" * 999), document("fine")]
    assert transport.post("/", {}, 5) == "x" * 998
    with pytest.raises(RpcProtocolError, match="more than 1000 bytes"):
        transport.post("/", {}, 5)
    assert transport.post("/", {}, 5) == "fine"


def test_a_redirection_is_not_followed(server, transport, start_server):
    other = start_server()
    other.script = [document("elsewhere")]
    server.script = [raw(307, b"{}", Location=f"http://127.0.0.1:{other.server_port}/")]
    with pytest.raises(RpcProtocolError, match="status 307"):
        transport.post("/", {}, 5)
    assert other.requests == []


def test_a_connection_closed_while_idle_is_opened_again(server, transport):
    server.script = [then_close(document("one")), document("two")]
    assert transport.post("/", {}, 5) == "one"
    assert server.closed.wait(5)
    assert transport.post("/", {}, 5) == "two"
    assert len(set(server.connections)) == 2


def test_proxies_of_the_environment_are_not_used(server, transport, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    server.script = [document("fine")]
    assert transport.post("/", {}, 5) == "fine"


def test_transports_do_not_share_connections(server, connect):
    server.script = [document(None)] * 2
    for _ in range(2):
        connect(server.server_port).post("/", {}, 5)
    assert len(set(server.connections)) == 2


def test_two_threads_may_use_one_server(server, connect):
    server.script = [document(None)] * 20
    transports = [connect(server.server_port) for _ in range(2)]

    def use(transport):
        for _ in range(10):
            transport.post("/", {}, 5)

    threads = [threading.Thread(target=use, args=(transport,)) for transport in transports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 20
