"""Runs in the form of other programs, and questions from the command line."""

import csv
import json
import shutil
import subprocess
import zipfile
from collections import Counter

import pytest
from click.testing import CliRunner
from small_runs import WHOLE, happened, play

from monerosim import BlockFound, PaymentConfirmed
from monerosim.cli import main
from monerosim.runs import play as play_directory
from monerosim.tables.examples import EXAMPLES
from monerosim.tables.tables import TABLES
from monerosim.tables.views import VIEWS


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("export") / "run", "participants.user.transaction_frequency=0.8")


def call(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def test_csv_has_every_table_with_all_rows(played, tmp_path):
    assert call("export", played.directory, "--csv", tmp_path / "csv").exit_code == 0
    for name, table in TABLES.items():
        with (tmp_path / "csv" / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert len(rows) == len(played.tables[name]), name
        assert not rows or list(rows[0]) == [column.name for column in table.columns]
    with (tmp_path / "csv" / "wallets.csv").open(newline="") as file:
        held = sum(int(row["balance"]) for row in csv.DictReader(file) if row["final"] == "true")
    assert held == played.summary.coins.emitted


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R (Debian: apt-get install r-base-core)")
def test_r_reads_the_csv(played, tmp_path):
    assert call("export", played.directory, "--csv", tmp_path).exit_code == 0
    program = "b <- read.csv('blocks.csv'); cat(sum(b$main == 'true' & b$bootstrap == 'false'))"
    told = subprocess.run(["Rscript", "-e", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert int(told.stdout) == sum(miner.blocks for miner in played.summary.miners.values())


def test_perfetto_has_payments_as_spans_of_simulated_time(played, tmp_path):
    assert call("export", played.directory, "--perfetto", tmp_path / "trace.json").exit_code == 0
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    spans = [event for event in events if event["name"] == "payment" and event["ph"] == "X"]
    confirmed = happened(played, PaymentConfirmed)
    assert {span["args"]["txid"]: span["dur"] for span in spans} == {it.data.txid: it.data.elapsed for it in confirmed}
    names = {event["args"]["name"] for event in events if event["name"] == "process_name"}
    assert {host.name for host in played.plan.hosts} <= names


def test_otlp_has_a_trace_for_each_payment_and_block(played, tmp_path):
    assert call("export", played.directory, "--otlp", tmp_path / "spans.jsonl").exit_code == 0
    spans = []
    for line in (tmp_path / "spans.jsonl").read_text().splitlines():
        (resource,) = json.loads(line)["resourceSpans"]
        assert resource["resource"]["attributes"][0]["key"] == "service.name"
        spans += resource["scopeSpans"][0]["spans"]
    assert all(len(span["traceId"]) == 32 and len(span["spanId"]) == 16 for span in spans)
    assert all(int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"]) for span in spans)
    assert len({span["spanId"] for span in spans}) == len(spans)
    found = [span for span in spans if span["name"] == "block-found"]
    assert len(found) == len(happened(played, BlockFound))
    spread = {span["traceId"] for span in spans if span["name"] == "block spreads"}
    assert {span["traceId"] for span in found} <= spread


def test_a_crate_repeats_the_run(played, tmp_path):
    (tmp_path / "small.toml").write_text(WHOLE)
    assert call("run", tmp_path / "small.toml", "-o", tmp_path / "run", "-q").exit_code == 0
    for name in ("one.zip", "two.zip"):
        assert call("export", tmp_path / "run", "--crate", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        archive.extractall(tmp_path / "out")
    crate = json.loads((tmp_path / "out" / "ro-crate-metadata.json").read_text())
    (root,) = [it for it in crate["@graph"] if it["@id"] == "./"]
    assert all((tmp_path / "out" / part["@id"]).is_file() for part in root["hasPart"])
    assert {f"tables/{name}.parquet" for name in TABLES} <= {part["@id"] for part in root["hasPart"]}
    again = play((tmp_path / "out" / "scenario.toml").read_text(), tmp_path / "again")
    told = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert again.summary.digest == told["digest"]
    assert told["digest"] in (tmp_path / "out" / "README.md").read_text()
    assert played.summary.digest != told["digest"]


def test_the_archive_of_a_fault_can_be_played_again(played, tmp_path):
    assert call("export", played.directory, "--bug", tmp_path / "bug.zip").exit_code == 0
    with zipfile.ZipFile(tmp_path / "bug.zip") as archive:
        names = archive.namelist()
        archive.extract("plan.json", tmp_path / "fresh")
    assert {"plan.json", "events.jsonl", "summary.json", "warnings.jsonl", "machine.json"} <= set(names)
    (tmp_path / "fresh" / "hosts").mkdir()
    (tmp_path / "fresh" / "shared").mkdir()
    assert play_directory(tmp_path / "fresh").summary.digest == played.summary.digest


def test_an_export_says_what_it_cannot_do(played, tmp_path):
    assert call("export", played.directory).exit_code == 2
    told = call("export", played.directory, "--crate", tmp_path / "no" / "x.zip")
    assert told.exit_code == 1
    assert "cannot be written: No such file" in told.stderr


def test_examples_are_ten_questions_that_are_answered(played):
    told = call("query", played.directory, "--examples")
    assert told.exit_code == 0
    assert len(EXAMPLES) == 10
    for example in EXAMPLES:
        assert example.question.endswith("?")
        assert example.question in told.stdout
        assert played.query(example.sql).num_rows > 0, example.question


def test_a_question_is_answered_in_each_form(played, tmp_path):
    sql = "select miner, count(*) as blocks, sum(reward) as reward from blocks where main and not bootstrap group by 1"
    miner = played.summary.miners["miner"]
    assert f"{miner.blocks}  {miner.reward}" in call("query", played.directory, sql).stdout
    assert call("query", played.directory, sql, "--format", "csv").stdout == (
        f"miner,blocks,reward\nminer,{miner.blocks},{miner.reward}\n"
    )
    told = call("query", played.directory, sql, "--format", "json").stdout
    assert json.loads(told) == {"miner": "miner", "blocks": miner.blocks, "reward": miner.reward}
    assert call("query", played.directory, sql, "--format", "parquet").exit_code == 2
    assert call("query", played.directory, sql, "--format", "parquet", "-o", tmp_path / "a.parquet").exit_code == 0
    assert (tmp_path / "a.parquet").read_bytes().startswith(b"PAR1")


def test_a_question_may_be_longer_than_a_file_is_named(played):
    assert call("query", played.directory, "select count(*) as blocks from blocks" + " " * 300).exit_code == 0


def test_tables_and_views_are_listed(played):
    told = call("query", played.directory).stdout
    assert f"blocks ({len(played.tables.blocks)} rows): hash, height, " in told
    assert all(f"{view.name} (view): " in told for view in VIEWS)
    for view in VIEWS:
        answer = played.query(f"from {view.name}")
        assert answer.column_names == ["run", *(column.name for column in view.columns)], view.name


def test_several_runs_are_asked_together(played, tmp_path):
    other = play(WHOLE, tmp_path / "other", "simulation.duration=3m")
    told = call(
        "query", played.directory, other.directory, "select run, count(*) as n from events group by run order by n"
    )
    rows = [line.split() for line in told.stdout.splitlines()[1:]]
    assert rows == [
        ["other", str(len(other.tables.events))],
        ["run", str(len(played.tables.events))],
    ]


def test_a_wrong_question_is_one_line(played):
    told = call("query", played.directory, "select blcks from blocks")
    assert told.exit_code == 1
    assert "blcks" in told.stderr
    assert call("query", "select 1").exit_code == 2
    assert call("query", played.directory, "nowhere", "select 1").exit_code == 2


def test_runs_are_listed_with_their_state(played, tmp_path):
    assert call("runs", tmp_path).exit_code == 1
    shutil.copytree(played.directory, tmp_path / "a" / "done")
    shutil.copytree(played.directory, tmp_path / "killed")
    (tmp_path / "killed" / "summary.json").unlink()
    told = call("runs", tmp_path).stdout.splitlines()
    assert len(told) == 3
    assert "done" in told[1].split()
    assert "no summary" in told[2]


def test_relays_are_logs_of_monerod(played, tmp_path):
    refused = call("export", played.directory, "--xmrpeers", tmp_path / "none")
    assert refused.exit_code == 1
    assert 'asks for none (relays = "all"' in refused.stderr
    run = play(WHOLE, tmp_path / "run", 'record.relays="all"', "simulation.duration=10m")
    assert call("export", run.directory, "--xmrpeers", tmp_path / "logs").exit_code == 0
    messages = Counter(
        line.rsplit("(", 1)[1].split()[0]
        for path in tmp_path.glob("logs/*/bitmonero.log")
        for line in path.read_text().splitlines()
        if "NOTIFY_NEW_TRANSACTIONS" in line
    )
    told = run.query("select transactions, count(*) as n from clumps group by all").to_pylist()
    assert messages == {str(row["transactions"]): row["n"] for row in told}
