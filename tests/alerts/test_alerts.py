"""Alerts: raised at the simulated instant at which a rule begins to find something, whoever looks, and told."""

import json
import shlex
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest
from click.testing import CliRunner
from small_runs import NETWORK, USERS, happened, play

from monerosim.alerts.afterwards import alerts_of
from monerosim.alerts.heights import TipHeights
from monerosim.alerts.meanwhile import AlertsSoFar
from monerosim.alerts.notify import Notifier
from monerosim.build.build import build_plan
from monerosim.cli import main
from monerosim.cli.exits import REFUSED
from monerosim.events import (
    AlertCleared,
    AlertRaised,
    BlockFound,
    BlockSpread,
    PaymentConfirmed,
    PaymentSent,
    ProbeFailed,
    Record,
)
from monerosim.events.log import EventLog, read_events
from monerosim.scenario import examine
from monerosim.scenario.permissions import Permissions
from monerosim.units import SECOND

MINUTE = 60 * SECOND
STOPPED = """
[[timeline]]
at = "5m"
do = "stop"
who = "block-controller"
"""
NO_BLOCK = '[[alerts]]\nwhen = "no-block"\nafter = "10m"\n'
CUT_OFF = """
[[timeline]]
at = "5m"
do = "shut-down"
who = "user-002"
[[timeline]]
at = "20m"
do = "start-up"
who = "user-002"
"""
OWN_NODES = USERS.replace("count = 3", "count = 3\nnode = {}")


def errors_of(text, **permitted):
    examination = examine(text.encode(), permissions=Permissions(**permitted))
    return [problem.place for problem in examination.problems]


def test_it_is_raised_when_no_block_has_come_for_so_long_and_moves_nothing(tmp_path):
    played = play(NETWORK + STOPPED + NO_BLOCK, tmp_path / "a")
    last = happened(played, BlockFound)[-1].t
    (raised,) = happened(played, AlertRaised)
    assert last + 10 * MINUTE <= raised.t < last + 10 * MINUTE + 10 * SECOND
    assert raised.data == AlertRaised("no-block", "", "no block for 10m")
    alert = played.summary.alerts["no-block"]
    assert (alert.raised, alert.cleared, alert.first) == (1, 0, raised.t / SECOND)
    again = play(NETWORK + STOPPED + NO_BLOCK, tmp_path / "b")
    assert (again.directory / "events.jsonl").read_bytes() == (played.directory / "events.jsonl").read_bytes()
    assert play(NETWORK + STOPPED, tmp_path / "c").summary.digest == played.summary.digest


def test_a_network_in_order_raises_none(tmp_path):
    rules = ("no-block", "node-behind", "payment-unconfirmed", "failure", "probe-failed")
    text = NETWORK + USERS + "".join(f'[[alerts]]\nwhen = "{rule}"\n' for rule in rules)
    summary = play(text, tmp_path / "a").summary
    assert {name: alert.raised for name, alert in summary.alerts.items()} == dict.fromkeys(rules, 0)


def test_a_payment_that_stays_unconfirmed_is_told_with_its_transaction_until_it_is_confirmed(tmp_path):
    text = NETWORK + USERS + '[[alerts]]\nname = "late"\nwhen = "payment-unconfirmed"\nafter = "70s"\n'
    played = play(text, tmp_path / "a")
    sent = {it.data.txid: it for it in happened(played, PaymentSent) if it.t >= 0}
    confirmed = {it.data.txid: it.t for it in happened(played, PaymentConfirmed)}
    end = played.plan.stop - played.plan.time_zero
    late = {
        txid
        for txid, it in sent.items()
        if confirmed.get(txid, end) - it.t >= 70 * SECOND + 10 * SECOND and it.t + 70 * SECOND + 10 * SECOND < end
    }
    raised = {it.data.item: it for it in happened(played, AlertRaised)}
    assert late
    assert late <= set(raised)
    assert all(raised[txid].participant == sent[txid].participant for txid in raised)
    assert all(raised[txid].t >= sent[txid].t + 70 * SECOND for txid in raised)
    for cleared in happened(played, AlertCleared):
        assert 0 <= cleared.t - confirmed[cleared.data.item] <= 10 * SECOND


def test_a_node_that_is_down_is_behind_until_it_is_back(tmp_path):
    text = NETWORK + OWN_NODES + CUT_OFF + '[[alerts]]\nwhen = "node-behind"\nblocks = 2\nafter = "1m"\n'
    played = play(text, tmp_path / "a")
    (raised,), (cleared,) = happened(played, AlertRaised), happened(played, AlertCleared)
    assert raised.participant == cleared.participant == "user-002"
    assert 5 * MINUTE < raised.t < 20 * MINUTE <= cleared.t < 22 * MINUTE


def heights_of(played):
    """What nodes had, by the times that the run has recorded."""
    nodes = [host.name for host in played.plan.hosts if host.node is not None]
    tips = TipHeights(nodes)
    for record in happened(played, BlockSpread):
        for node, delay in zip(nodes, record.data.delays, strict=True):
            if delay >= 0:
                tips.add(record.data.first + delay, record.data.height, node)
    return tips


def test_who_looks_afterwards_finds_the_same(tmp_path):
    text = NETWORK + OWN_NODES + CUT_OFF + '[[alerts]]\nwhen = "node-behind"\nblocks = 2\n' + NO_BLOCK
    played = play(text + '[[alerts]]\nwhen = "payment-unconfirmed"\nafter = "70s"\n', tmp_path / "a")
    told = [it for it in played.events() if isinstance(it.data, AlertRaised | AlertCleared)]
    others = [it for it in played.events() if not isinstance(it.data, AlertRaised | AlertCleared)]
    assert told
    end = played.plan.stop - played.plan.time_zero
    assert alerts_of(played.plan, sorted(others, key=Record.sort_key), end, lambda: heights_of(played)) == told


def test_who_looks_meanwhile_at_the_logs_of_agents_finds_the_same(tmp_path):
    rules = '[[alerts]]\nwhen = "payment-unconfirmed"\nafter = "70s"\n'
    rules += '[[alerts]]\nwhen = "node-behind"\nblocks = 1\nafter = "30s"\n'
    cut_off, stopped = CUT_OFF.replace("5m", "1m").replace("20m", "10m"), STOPPED.replace("5m", "15m")
    played = play(NETWORK + OWN_NODES + cut_off + stopped + NO_BLOCK + rules, tmp_path / "a")
    told = [it for it in played.events() if isinstance(it.data, AlertRaised | AlertCleared)]
    others = [it for it in played.events() if not isinstance(it.data, AlertRaised | AlertCleared)]
    assert {it.data.alert for it in told} == {"no-block", "node-behind", "payment-unconfirmed"}
    logs, now = {}, 0
    with AlertsSoFar(played.plan, tmp_path, heights_of(played)) as alerts:
        for record in others:
            if (at := record.t + played.plan.time_zero) >= now + SECOND:
                now = at
                alerts.look(now)
            log = logs.get(record.participant)
            if log is None:
                (tmp_path / "hosts" / (record.participant or "none")).mkdir(parents=True)
                log = logs[record.participant] = EventLog(tmp_path / "hosts" / record.participant / "events.jsonl")
            log.append(record)
            log.flush()
        alerts.look(played.plan.stop + 5 * SECOND)
    for log in logs.values():
        log.close()
    assert list(read_events(tmp_path / "alerts.jsonl")) == told


def test_a_probe_that_says_no_raises_an_alert(tmp_path):
    rule = '[[alerts]]\nwhen = "probe-failed"\n'
    probe = '[participants.probe]\nnode = "miner"\nactors = [{ use = "performance-probe", block_wait = 5 }]\n'
    played = play(NETWORK + STOPPED + rule + probe, tmp_path / "a")
    failed, raised = happened(played, ProbeFailed), happened(played, AlertRaised)
    assert failed
    assert [(it.participant, it.data.item) for it in raised] == [(it.participant, it.actor) for it in failed]
    assert all(0 <= it.t - probe.t <= 10 * SECOND for it, probe in zip(raised, failed, strict=True))
    healthy = play(NETWORK + rule + probe, tmp_path / "b")
    assert happened(healthy, AlertRaised) == []


def test_what_was_told_meanwhile_is_not_told_again(tmp_path):
    text = NETWORK + STOPPED + NO_BLOCK + 'command = ["true"]\n'
    plan = build_plan(examine(text.encode(), permissions=Permissions(programs=True)))
    event = Record(0, "", "engine", "", AlertRaised("no-block", "", "no block for 10m"))
    with Notifier(plan, tmp_path) as notifier:
        progress = notifier.passing(lambda _: True)
        (tmp_path / "alerts.jsonl").write_bytes(event.line)
        progress(0)
        (tmp_path / "events.jsonl").write_bytes(event.line * 2)
    assert (tmp_path / "notices.jsonl").read_bytes().count(b"\n") == 2


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ('when = "no-blocks"', "alerts[0].when"),
        ('when = "failure"\nafter = "1m"', "alerts[0].after"),
        ('when = "no-block"\nblocks = 2', "alerts[0].blocks"),
        ('when = "failure"\nwho = ["nobody"]', "alerts[0].who[0]"),
        ('when = "failure"\nwebhook = "http://example.org/"', "alerts[0].webhook"),
        ('when = "failure"\nwebhook = "http://127.0.0.1.example.org/"', "alerts[0].webhook"),
        ('when = "failure"\nwebhook = "http://127.0.0.1@example.org/"', "alerts[0].webhook"),
        ('when = "failure"\nwebhook = "file:///etc/passwd"', "alerts[0].webhook"),
        ('when = "failure"\ncommand = ["true"]', "alerts[0].command"),
        ('when = "failure"\n[[alerts]]\nwhen = "failure"', "alerts[1].name"),
    ],
)
def test_what_is_wrong_with_an_alert_is_said(keys, place):
    assert errors_of(f"{NETWORK}[[alerts]]\n{keys}\n") == [place]


def test_what_is_allowed_is_not_wrong():
    assert errors_of(f'{NETWORK}[[alerts]]\nwhen = "failure"\nwebhook = "http://[::1]:9/x"\n') == []
    assert errors_of(f'{NETWORK}[[alerts]]\nwhen = "failure"\ncommand = ["true"]\n', programs=True) == []


def test_a_webhook_and_a_program_are_told_and_the_run_fails_if_it_is_to(tmp_path):
    got = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        copy = f"import sys; open({str(tmp_path / 'told')!r}, 'wb').write(sys.stdin.buffer.read())"
        text = NETWORK + STOPPED + NO_BLOCK + "fail_run = true\n"
        text += f'webhook = "http://127.0.0.1:{server.server_port}/alert"\n'
        text += f"command = {json.dumps([sys.executable, '-c', copy])}\n"
        (tmp_path / "a.toml").write_text(text)
        arguments = ["run", tmp_path / "a.toml", "-o", tmp_path / "run", "--allow-programs", "--no-report", "-q"]
        done = CliRunner().invoke(main, list(map(str, arguments)))
        server.shutdown()
    assert done.exit_code == REFUSED, done.output
    (event,) = got
    assert event["data"] == msgspec.to_builtins(AlertRaised("no-block", "", "no block for 10m"))
    assert json.loads((tmp_path / "told").read_text()) == event
    notices = [json.loads(line) for line in (tmp_path / "run" / "notices.jsonl").read_text().splitlines()]
    assert [(it["alert"], it["error"]) for it in notices] == [("no-block", "")] * 2
    assert shlex.quote(sys.executable) == notices[1]["told"]
