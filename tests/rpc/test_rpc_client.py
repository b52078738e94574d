"""The JSON-RPC client: typed answers, errors, and what is sent again and what never."""

import msgspec
import pytest
from small_server import break_off, document, error, hang_up, raw, result, then_close

from monerosim.rpc.client import RpcClient, ServiceNeverUpError
from monerosim.rpc.errors import RpcCallError, RpcDoubtfulError, RpcProtocolError, RpcUnavailableError


class Info(msgspec.Struct, frozen=True):
    height: int
    status: str = "OK"


def test_a_call_is_json_rpc_and_its_result_is_typed(server, client):
    server.script = [result({"height": 7, "and": "more"}), result("hash")]
    assert client.call("get_info", {"a": 1}, Info) == Info(7)
    assert client.call("on_get_block_hash", [5], str) == "hash"
    (path, first), (_, second) = server.requests
    assert path == "/json_rpc"
    assert first == {"jsonrpc": "2.0", "id": first["id"], "method": "get_info", "params": {"a": 1}}
    assert second["params"] == [5]
    assert first["id"] != second["id"]


def test_a_plain_path_is_posted_to(server, client):
    server.script = [document({"height": 8})]
    assert client.post("/get_height", {"b": 2}, Info) == Info(8)
    assert server.requests == [("/get_height", {"b": 2})]


def test_a_refusal_is_an_error_with_its_code_and_is_not_sent_again(server, client, slept):
    server.script = [error(-17, "not enough money")]
    with pytest.raises(RpcCallError, match=r"not enough money \(code -17\)") as caught:
        client.call("get_info", {}, Info)
    assert (caught.value.code, caught.value.message) == (-17, "not enough money")
    assert (len(server.requests), slept) == (1, [])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (document([]), "get_info: the answer is not a JSON object"),
        (document({}), "neither result nor error"),
        (document({"error": {"code": "x"}}), "the error has no code and message"),
        (document({"result": None}), "get_info: Expected `object`, got `null`"),
        (result({"height": "7"}), r"Expected `int`, got `str` - at `\$\.height`"),
        (result({}), "missing required field `height`"),
        (raw(200, b"<html>"), "no JSON"),
        (raw(500, b"{}"), "status 500"),
    ],
)
def test_another_answer_than_the_protocols_is_a_protocol_error(server, client, answer, message):
    server.script = [answer]
    with pytest.raises(RpcProtocolError, match=message):
        client.call("get_info", {}, Info, repeat=False)


def test_null_for_an_error_is_none(server, client):
    server.script = [document({"error": None, "result": {"height": 1}})]
    assert client.call("get_info", {}, Info) == Info(1)


@pytest.mark.parametrize("trouble", [hang_up, break_off, raw(500, b""), raw(200, b"busy"), document({})])
@pytest.mark.parametrize("way", ["call", "post"])
def test_what_may_be_repeated_is(server, client, slept, trouble, way):
    good = result({"height": 7}) if way == "call" else document({"height": 7})
    if way == "post" and trouble is not hang_up and trouble is not break_off:
        trouble = raw(503, b"busy")
    server.script = [trouble, trouble, good]
    got = client.call("get_info", {}, Info) if way == "call" else client.post("/get_info", {}, Info)
    assert got == Info(7)
    assert len(server.requests) == 3
    assert slept == sorted(slept)
    assert len(slept) == 2


def test_repeating_has_an_end(server, client, slept):
    server.script = [hang_up] * 20
    with pytest.raises(RpcDoubtfulError):
        client.call("get_info", {}, Info)
    assert len(server.requests) == 5
    assert len(slept) == 4
    assert sum(slept) < 10


def test_a_refusal_ends_the_repeating(server, client):
    server.script = [hang_up, error(-1, "no"), result({"height": 7})]
    with pytest.raises(RpcCallError):
        client.call("get_info", {}, Info)
    assert len(server.requests) == 2


@pytest.mark.parametrize("trouble", [hang_up, break_off, raw(500, b""), raw(200, b"busy"), document({})])
def test_what_must_not_be_repeated_is_sent_once(server, client, slept, trouble):
    server.script = [trouble, result({"height": 7})]
    with pytest.raises(RpcDoubtfulError):
        client.call("transfer", {}, Info, repeat=False)
    assert (len(server.requests), slept) == (1, [])


def test_a_service_that_is_away_is_unavailable(connect, free_port, slept):
    client = RpcClient(connect(free_port), slept)
    with pytest.raises(RpcUnavailableError):
        client.call("transfer", {}, Info, repeat=False)
    assert slept == []
    with pytest.raises(RpcUnavailableError):
        client.call("get_info", {}, Info)
    assert len(slept) == 4


@pytest.mark.parametrize("repeat", [True, False])
def test_a_connection_closed_while_idle_fails_nothing(server, client, slept, repeat):
    server.script = [then_close(result({"height": 1})), result({"height": 2})]
    client.call("get_info", {}, Info)
    assert server.closed.wait(5)
    assert client.call("any", {}, Info, repeat=repeat) == Info(2)
    assert (len(server.requests), slept) == (2, [])


def test_waiting_until_a_service_is_up(connect, free_port, start_server, slept):
    class StartingClock(type(slept)):
        def sleep(self, seconds):
            super().sleep(seconds)
            if len(self) == 3:
                server = start_server(free_port)
                server.script = [raw(503, b"starting"), error(-9, "busy"), result({"height": 1}), result({"height": 2})]

    slept = StartingClock()
    client = RpcClient(connect(free_port), slept)

    def probe():
        return client.call("get_info", {}, Info)

    assert client.wait_until_up(probe, name="monerod of alice", timeout=60, interval=2) == (Info(1), 6)
    assert slept == [2] * 5
    assert client.wait_until_up(probe, name="monerod of alice", timeout=60) == (Info(2), 1)


def test_a_service_that_never_comes_up_is_named(connect, free_port, slept):
    client = RpcClient(connect(free_port), slept)
    with pytest.raises(ServiceNeverUpError) as caught:
        client.wait_until_up(lambda: client.call("get_info", {}, Info), name="monerod of alice", timeout=10)
    message = str(caught.value)
    assert message.startswith(f"monerod of alice at monerod of alice (http://127.0.0.1:{free_port})")
    assert "did not answer within 10 s" in message
    assert "refused" in message
    assert isinstance(caught.value.__cause__, RpcUnavailableError)
    assert slept == [1] * 9


def test_after_waiting_calls_are_repeated_as_usual(server, client):
    server.script = [hang_up] * 3 + [result({"height": 1})]
    with pytest.raises(ServiceNeverUpError):
        client.wait_until_up(lambda: client.call("get_info", {}, Info), name="x", timeout=2)
    assert client.call("get_info", {}, Info) == Info(1)


def test_waiting_tries_at_least_once(server, client):
    server.script = [result({"height": 1})]
    assert client.wait_until_up(lambda: client.call("get_info", {}, Info), name="x", timeout=0)[1] == 1


def test_an_error_of_the_probe_itself_is_not_waited_for(client):
    with pytest.raises(ZeroDivisionError):
        client.wait_until_up(lambda: 1 // 0, name="x", timeout=10)


def test_the_address_is_the_transports(client, transport):
    assert client.address == transport.address


def test_a_daemon_that_catches_up_with_its_peers_is_asked_again(server, client):
    server.script = [result({"height": 0, "status": "BUSY"}), result({"height": 7, "status": "OK"})]
    assert client.call("get_info", {}, Info) == Info(7)
    server.script = [result({"status": "BUSY"})]
    with pytest.raises(RpcUnavailableError, match="caught up"):
        client.call("generateblocks", {}, Info, repeat=False)
