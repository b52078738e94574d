"""The API: what it answers is what the run's tables and files have; what it says of itself holds."""

import io
import json
import re
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from serving import AUTHORISED, asking
from small_runs import WHOLE, play

from monerosim.events import PaymentConfirmed
from monerosim.events.feed import Feed
from monerosim.report.answers import inline_svg
from monerosim.report.figures import all_charts
from monerosim.serve.api.data import QUESTIONS
from monerosim.serve.app import OPERATIONS
from monerosim.serve.counting import Counting
from monerosim.serve.site import Rights
from monerosim.tables.measures import MEASURES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    run = play(WHOLE, tmp_path_factory.mktemp("runs") / "one")
    assert run.tables
    return run


@pytest.fixture(scope="module")
def asked(played):
    with asking(played.directory.parent) as session:
        yield session


def rows(page):
    return [dict(zip(page["columns"], row, strict=True)) for row in page["rows"]]


def test_blocks_come_in_pages_the_latest_first(asked, played):
    pages = [asked.get(f"/api/blocks?limit=100&offset={offset}").json() for offset in range(0, 400, 100)]
    found = [block for page in pages for block in rows(page)]
    wanted = played.tables.blocks.arrow().to_pylist()
    assert sorted(found, key=lambda it: it["hash"]) == sorted(wanted, key=lambda it: it["hash"])
    assert [it["t_us"] for it in found] == sorted((it["t_us"] for it in found), reverse=True)
    assert [page["more"] for page in pages] == [offset + 100 < len(wanted) for offset in range(0, 400, 100)]


def test_a_transaction_is_told_from_its_sending_to_its_block(asked, played):
    confirmed = next(it for it in played.events() if isinstance(it.data, PaymentConfirmed))
    found = asked.get(f"/api/transactions/{confirmed.data.txid}").json()
    assert found["transaction"]["sender"] == confirmed.participant
    assert {state["state"] for state in found["states"]} >= {"confirmed"}
    assert confirmed.data.height in {block["height"] for block in found["blocks"]}
    nodes = {host.name for host in played.plan.hosts if host.node is not None}
    assert {it["node"] for it in found["sightings"]} == nodes
    for no in ("0" * 64, "x", "' or 1=1 --"):
        assert asked.get(f"/api/transactions/{no}").status_code == 404


def test_the_network_is_that_of_the_connections(asked, played):
    found = asked.get("/api/topology").json()
    connections = played.tables.connections.arrow().to_pylist()
    assert sorted(found["links"]) == sorted([it["node"], it["peer"]] for it in connections if it["closed_us"] is None)
    assert {node["name"] for node in found["nodes"]} == {it.name for it in played.plan.hosts if it.node is not None}
    assert asked.get(f"/api/topology?at={-(10**14)}").json()["links"] == []


@pytest.mark.parametrize("name", ["blocks", "participants", "metrics", "run"])
def test_a_table_is_the_same_in_each_format(asked, played, name):
    wanted = played.tables[name].arrow()
    assert rows(asked.get(f"/api/tables/{name}?limit=10000").json()) == wanted.to_pylist()
    assert pq.read_table(io.BytesIO(asked.get(f"/api/tables/{name}?format=parquet").content)).equals(wanted)
    written = pl.read_csv(io.BytesIO(asked.get(f"/api/tables/{name}?format=csv").content), infer_schema_length=None)
    assert (written.columns, len(written)) == (wanted.column_names, wanted.num_rows)


def test_charts_are_those_of_the_report(asked, played):
    listed = asked.get("/api/charts").json()
    assert {it["name"] for it in listed} == set(all_charts())
    name = "confirmation"
    figure = played.figure(name)
    drawn = asked.get(f"/api/charts/{name}").json()
    assert drawn["svg"] == inline_svg(figure.answer.svg(), name)
    assert (drawn["count"], drawn["title"]) == (figure.answer.count, figure.answer.chart.title)
    assert figure.answer.count > 0
    specification = asked.get(f"/api/charts/{name}?format=vega-lite").json()
    assert specification["data"]["values"] == [dict(row) for row in figure.rows]
    assert asked.get(f"/api/charts/{name}?format=csv").text == figure.answer.csv()
    assert asked.get("/api/charts/nothing").status_code == 404


def test_what_is_counted_ends_where_the_summary_does(asked, played):
    counted, last = asked.get("/api/metrics").json()["values"], played.tables.metrics.arrow().to_pylist()[-1]
    assert counted == {measure.name: last[measure.name] for measure in MEASURES}
    assert counted["height"] == played.summary.chain.height
    assert counted["events"] == len(list(played.events()))
    assert counted["payments_confirmed"] > 0


def test_questions_are_answered_and_read_nothing_but_tables(asked, tmp_path):
    def answer(sql):
        return asked.post("/api/query", json={"sql": sql})

    assert answer("select count(*) as n from participants").json() == {"columns": ["n"], "rows": [[7]], "more": False}
    assert answer("select * from range(100000000)").json()["more"]
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for sql in (
        f"select * from read_csv('{secret}')",  # noqa: S608
        f"select * from '{secret}'",  # noqa: S608
        f"select * from read_text('{secret}')",  # noqa: S608
        f"copy (select 1) to '{tmp_path}/written'",
        f"attach '{tmp_path}/base.db'",
        "install httpfs",
        "set enable_external_access = true",
        "select * from glob('/*')",
        "select 1; select 2",
        "select getenv('HOME')",
        "nonsense",
    ):
        refused = answer(sql)
        assert refused.status_code == 422, sql
        assert refused.json()["error"]
    assert [file.name for file in tmp_path.iterdir()] == ["secret.csv"]


def test_few_questions_are_answered_at_once(asked):
    with QUESTIONS, QUESTIONS:
        assert asked.post("/api/query", json={"sql": "select 1"}).status_code == 429
    assert asked.post("/api/query", json={"sql": "select 1"}).status_code == 200


def test_participants_are_those_of_the_plan(asked, played):
    found = asked.get("/api/agents").json()
    assert [it["participant"] for it in found] == [host.name for host in played.plan.hosts]
    one = asked.get("/api/agents/user-001?lines=5").json()
    assert one["state"] == "running"
    assert len(one["traces"]) == 5
    (part,) = one["parts"]
    assert part["use"] == "regular-user"
    assert {"pause", "set"} <= set(part["commands"])
    assert asked.get("/api/agents/nobody").status_code == 404


def test_what_changes_something_needs_the_token_and_the_option(played):
    changing = [("POST", "/api/agents/user-001/command"), ("POST", "/api/control")]
    with asking(played.directory, Rights()) as asked:
        for method, path in changing:
            for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic a-token"}):
                answer = asked.request(method, path, json={"command": "pause"}, headers=headers)
                assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            assert asked.request(method, path, json={"command": "pause"}, headers=AUTHORISED).status_code == 403


def test_a_run_that_has_ended_takes_no_commands(asked):
    answer = asked.post("/api/control", json={"command": "pause"}, headers=AUTHORISED)
    assert answer.status_code == 409


def test_bodies_are_bounded_and_are_json(asked):
    huge = asked.post("/api/query", data=b'{"sql": "' + b"x" * 2_000_000, headers={"Content-Type": "application/json"})
    assert huge.status_code == 413
    assert asked.post("/api/query", data=b"sql=1").status_code == 415
    for text in ("", "{", '{"sql": 1}', '{"sql": "select 1", "more": 1}', "[" * 100_000, '{"sql": "\ud800"}'):
        body = text.encode(errors="surrogatepass")
        assert asked.post("/api/query", data=body, headers={"Content-Type": "application/json"}).status_code == 400


def test_the_description_has_every_operation(asked):
    described = asked.get("/openapi.json").json()
    routes = {(it.method.lower(), re.sub(r":path}", "}", it.path)) for it in OPERATIONS if it.path != "/openapi.json"}
    assert routes == {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert json.dumps(described).count("#/components/schemas/") > 10


def test_prometheus_reads_what_is_counted(asked, played):
    text = asked.get("/metrics").text
    samples = dict(re.findall(r'^monerosim_(\w+)\{run="one"\} (\S+)$', text, re.MULTILINE))
    assert float(samples["height"]) == played.summary.chain.height
    assert float(samples["playing"]) == 0
    counted = asked.get("/api/metrics").json()["values"]
    assert float(samples["payments_confirmed_total"]) == counted["payments_confirmed"]


def test_the_dashboard_for_grafana_asks_for_what_there_is(asked):
    text, dashboard = asked.get("/metrics").text, (ROOT / "docs" / "grafana.json").read_text()
    wanted = set(re.findall(r"monerosim_\w+", dashboard))
    assert wanted == {name for name in wanted if f"# TYPE {name} " in text}
    assert len(wanted) > 10


def test_what_logs_of_agents_told_is_counted_once_when_they_are_put_together(played, tmp_path):
    hosts = [host.name for host in played.plan.hosts]
    (tmp_path / "hosts" / hosts[0]).mkdir(parents=True)
    log = (played.directory / "events.jsonl").read_bytes()
    first = log[: log.index(b"\n", len(log) // 2) + 1]
    (tmp_path / "hosts" / hosts[0] / "events.jsonl").write_bytes(first)
    counting = Counting(played.plan, Feed(tmp_path, hosts))
    assert counting.now().values["events"] == first.count(b"\n")
    (tmp_path / "events.jsonl").write_bytes(log)
    assert counting.now().values["events"] == log.count(b"\n")
