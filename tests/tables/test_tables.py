"""Tables of runs: always all there, of exact schema, and in accord with the events they are made from."""

import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from small_runs import NETWORK, WHOLE, happened, play

from monerosim import (
    BlockContents,
    BlockSpread,
    Network,
    Participant,
    PaymentConfirmed,
    PaymentSent,
    Run,
    RunError,
    Scenario,
    Simulation,
    TransactionSpread,
    TxpoolRecorded,
    first_seen,
    run,
)
from monerosim.build.rundir import hold
from monerosim.plan.plan import decode_plan, encode_plan
from monerosim.tables.resources import read_usages
from monerosim.tables.schema import TABLES_VERSION
from monerosim.tables.tables import TABLES
from monerosim.tables.write import TablesWriter, arrow_schema


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("tables") / "run", "participants.user.transaction_frequency=0.6")


@pytest.fixture
def copy(played, tmp_path):
    shutil.copytree(played.directory, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "tables", ignore_errors=True)
    return tmp_path / "copy"


def all_there(played):
    """Check that a run has every table with its schema, in its files as well."""
    tables = played.tables
    assert list(tables) == list(TABLES)
    for name, table in TABLES.items():
        schema = arrow_schema(table)
        assert pq.read_schema(tables.directory / f"{name}.parquet").equals(schema), name
        assert tables[name].arrow().schema.equals(schema), name
    assert len(tables.run) == 1
    assert len(tables.participants) == len(played.plan.hosts)
    return tables


def test_a_run_has_all_tables(played):
    tables = all_there(played)
    assert {name for name in tables if not len(tables[name])} == {
        *("relays", "stems", "txpool", "block_transactions"),  # not recorded
        *("reorganisations", "orders", "faults"),  # did not happen
    } & {name for name in tables if not len(tables[name])}
    for name in ("parameters", "blocks", "transactions", "tx_sightings", "connections", "wallets", "events"):
        assert len(tables[name]), name


def test_a_run_without_anything_has_them(tmp_path):
    scenario = Scenario(simulation=Simulation(duration="1m"), participants={"idle": Participant()})
    tables = all_there(run(scenario, tmp_path / "run"))
    assert len(tables.blocks) == 0
    assert tables.run.arrow().to_pylist()[0]["completed"] is True


def test_tables_tell_what_the_events_tell(played):
    tables = played.tables
    (about,) = tables.run.arrow().to_pylist()
    assert (about["seed"], about["digest"]) == (played.plan.seed, played.summary.digest)
    sent = {record.data.txid: record for record in happened(played, PaymentSent)}
    rows = {row["txid"]: row for row in tables.transactions.arrow().to_pylist()}
    assert rows.keys() == sent.keys()
    assert all((rows[it]["fee"], rows[it]["t_us"]) == (sent[it].data.fee, sent[it].t) for it in sent)
    confirmed = {record.data.txid: record.t for record in happened(played, PaymentConfirmed)}
    assert {it: row["confirmed_us"] for it, row in rows.items() if row["confirmed_us"] is not None} == confirmed
    events = Counter(row["event"] for row in tables.events.arrow().to_pylist())
    assert events == Counter(record.tag for record in played.events())


def test_requested_payments_that_were_not_tried_are_in_the_table_of_requests(played):
    outcomes = Counter()
    for row in played.tables.requests.arrow().to_pylist():
        if row["action"] == "payment" and row["participant"] not in played.plan.funders:
            outcomes[row["outcome"]] += row["times"]
    figure = played.summary.payments
    assert figure.skipped > 0
    assert (outcomes["skipped"], outcomes["sent"]) == (figure.skipped, figure.sent)


def test_sightings_are_those_of_the_spreads(played):
    for kind, table, key in ((BlockSpread, "block_sightings", "hash"), (TransactionSpread, "tx_sightings", "txid")):
        told = {
            (getattr(record.data, key), node, at)
            for record in happened(played, kind)
            for node, at in first_seen(record.data, played.plan).items()
        }
        rows = played.tables[table].arrow().to_pylist()
        assert {(row[key], row["node"], row["t_us"]) for row in rows} == told
        assert len(rows) == len(told)


def test_the_coins_of_the_tables_are_those_of_the_summary(played):
    (answer,) = played.query("select sum(balance) as held from wallets where final").to_pylist()
    assert answer["held"] == played.summary.coins.emitted
    (answer,) = played.query("select sum(reward) as reward from blocks where main and not bootstrap").to_pylist()
    assert answer["reward"] == sum(miner.reward for miner in played.summary.miners.values())


def test_fields_of_an_event_are_its_json(played):
    by_key = Counter()
    for record in played.events():
        if not isinstance(record.data, BlockSpread | TransactionSpread):
            fields = record.plain()["data"]
            by_key[record.t, json.dumps(fields, sort_keys=True)] += 1
    rows = played.query("select t_us, data from events where not ends_with(event, '-spread')").to_pylist()
    assert Counter((row["t_us"], json.dumps(json.loads(row["data"]), sort_keys=True)) for row in rows) == by_key


def test_duckdb_polars_and_pandas_read_them(played):
    tables = played.tables
    rewards = tables.blocks.polars().filter(pl.col("main") & ~pl.col("bootstrap"))["reward"].sum()
    frame = tables.blocks.pandas()
    assert frame[frame.main.astype(bool) & ~frame.bootstrap].reward.sum() == rewards
    blocks = duckdb.read_parquet(str(tables.blocks.path))
    assert blocks.filter("main and not bootstrap").sum("reward").limit(1).fetchall() == [(rewards,)]
    assert "blocks" in repr(tables.blocks)


def test_parameters_are_those_of_the_scenario(played):
    rows = {row["path"]: json.loads(row["value"]) for row in played.tables.parameters.arrow().to_pylist()}
    assert rows["participants.user.count"] == 3
    assert rows["participants.user.transaction_frequency"] == 0.6
    assert rows["simulation.duration"] == "30m"
    assert rows["network.connections"] == Network().connections


def test_only_the_seed_makes_no_other_scenario(tmp_path):
    hashes = {
        name: play(NETWORK, tmp_path / name, "simulation.duration=2m", *change).tables.run.arrow()["scenario_hash"][0]
        for name, change in {"a": (), "b": ("simulation.seed=9",), "c": ("participants.miner.hashrate=7",)}.items()
    }
    assert hashes["a"] == hashes["b"] != hashes["c"]


def test_a_run_that_was_killed_has_tables_up_to_its_last_whole_line(copy):
    whole = (copy / "events.jsonl").read_bytes()
    rng = random.Random(4)
    for _ in range(10):
        (copy / "summary.json").unlink(missing_ok=True)
        cut = whole[: rng.randrange(len(whole))]
        (copy / "events.jsonl").write_bytes(cut)
        tables = all_there(Run(copy))
        assert len(tables.events) == cut.count(b"\n")


def test_runs_that_were_killed_at_random_have_tables_that_reconcile(played, tmp_path):
    (tmp_path / "whole.toml").write_text(WHOLE + "\n[record]\nstems = 'all'\n")
    whole = (played.directory / "events.jsonl").stat().st_size
    rng = random.Random(11)
    sizes = [str(rng.randrange(1, whole // 2)) for _ in range(10)]
    program = Path(__file__).with_name("killed_runs.py")
    subprocess.run([sys.executable, program, tmp_path / "whole.toml", tmp_path, *sizes], check=True)
    for number in range(len(sizes)):
        run = Run(tmp_path / str(number))
        tables = all_there(run)
        assert (run.directory / "summary.json").is_file()
        assert len(tables.events) == (run.directory / "events.jsonl").read_bytes().count(b"\n")
        (row,) = run.query("select sum(reward) as reward from blocks where main and not bootstrap").to_pylist()
        assert (row["reward"] or 0) == sum(miner.reward for miner in run.summary.miners.values())
        (row,) = run.query("select completed, end_us from run").to_pylist()
        assert not row["completed"]


def test_a_run_that_goes_on_has_tables_of_what_there_is(copy):
    (copy / "summary.json").unlink()
    whole = (copy / "events.jsonl").read_bytes()
    with hold(copy):
        sizes = []
        for share in (0.3, 0.6):
            (copy / "events.jsonl").write_bytes(whole[: round(len(whole) * share)])
            tables = all_there(Run(copy))
            assert tables.run.arrow().to_pylist()[0]["digest"] is None
            sizes.append(len(tables.events))
    assert sizes[0] < sizes[1]
    assert not (copy / "summary.json").exists()


def test_a_run_of_agents_that_goes_on_has_tables_of_their_logs(copy, played):
    for record in played.events():
        if record.actor not in ("engine", "node"):
            with (copy / "hosts" / record.participant / "events.jsonl").open("ab") as file:
                file.write(record.line)
    for name in ("events.jsonl", "summary.json"):
        (copy / name).unlink()
    plan = decode_plan((copy / "plan.json").read_bytes())
    (copy / "plan.json").write_bytes(encode_plan(plan).replace(b'"engine": "embedded"', b'"engine": "local"'))
    with hold(copy):
        tables = all_there(Run(copy))
    assert len(tables.transactions) == len(played.tables.transactions)
    times = tables.events.arrow()["t_us"].to_pylist()
    assert all(before <= after for before, after in pairwise(times))


def test_tables_are_made_once(copy):
    first = Run(copy).tables.blocks.path
    made = first.stat().st_mtime_ns
    assert Run(copy).tables.blocks.path.stat().st_mtime_ns == made


def test_tables_that_cannot_be_finished_leave_nothing(played, tmp_path):
    class StoppedError(Exception):
        pass

    def records():
        yield from played.events()
        raise StoppedError

    with pytest.raises(StoppedError), TablesWriter(played.plan, tmp_path / "tables", "") as writer:
        list(writer.taking(records()))
    assert list(tmp_path.iterdir()) == []


def test_tables_of_a_newer_version_are_refused(copy):
    path = Run(copy).tables.directory / "run.parquet"
    table = pq.read_table(path)
    newer = {**table.schema.metadata, b"monerosim.tables": str(TABLES_VERSION + 1).encode()}
    pq.write_table(table.replace_schema_metadata(newer), path)
    with pytest.raises(
        RunError, match=f"tables of version {TABLES_VERSION + 1}; this monerosim knows {TABLES_VERSION}"
    ):
        _ = Run(copy).tables


def test_an_unknown_table_is_named(played):
    with pytest.raises(AttributeError, match="no table 'block'; there are run, parameters"):
        _ = played.tables.block
    with pytest.raises(KeyError):
        _ = played.tables["block"]


@pytest.mark.parametrize(
    "sql",
    [
        "copy (select 1) to 'x.csv'",
        "attach 'x.db'",
        "create table x (a int)",
        "insert into blocks select * from blocks",
        "set enable_external_access = true",
        "pragma database_list",
        "install httpfs",
        "export database 'x'",
        "select 1; select 2",
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from glob('/*')",
        "from '/etc/passwd'",
        "select * from read_parquet('https://127.0.0.1/x')",
        "select getenv('HOME')",
        "select * from no_table",
        "selec 1",
        "",
    ],
)
def test_what_is_more_than_a_question_is_refused(played, tmp_path, monkeypatch, sql):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RunError):
        played.query(sql)
    assert list(tmp_path.iterdir()) == []


def test_what_the_scenario_has_recorded_is_in_the_tables(tmp_path):
    recorded = ("record.spreads=sample", "record.sample=2", 'record.txpool=["user-001"]')
    run = play(WHOLE, tmp_path / "run", *recorded, "simulation.duration=10m")
    tables = run.tables
    blocks = {one.data.hash: one.data for one in happened(run, BlockContents)}
    rows = tables.blocks.polars().to_dicts()
    assert {row["hash"] for row in rows} == set(blocks)
    for row in rows:
        block = blocks[row["hash"]]
        assert (row["previous"], row["miner"], row["txs"]) == (block.previous, block.miner, len(block.transactions))
        assert (row["fees"], row["weight"], row["difficulty"]) == (block.fees, block.weight, block.difficulty)
    placed = {(row["hash"], row["position"]): row["txid"] for row in tables.block_transactions.polars().to_dicts()}
    assert placed == {(it.hash, place): txid for it in blocks.values() for place, txid in enumerate(it.transactions)}
    pools = [(row["node"], row["t_us"], row["transactions"]) for row in tables.txpool.polars().to_dicts()]
    assert sorted(pools) == sorted((it.participant, it.t, it.data.transactions) for it in happened(run, TxpoolRecorded))
    seen = {(row["txid"], row["node"]): row["t_us"] for row in tables.tx_sightings.polars().to_dicts()}
    assert {node for _, node in seen} == set(run.plan.record.sampled)
    for record in happened(run, TransactionSpread):
        for node, at in first_seen(record.data, run.plan).items():
            assert seen[record.data.txid, node] == at


def test_what_the_run_took_is_in_the_resources(played):
    rows = played.tables.resources.arrow().to_pylist()
    # One at the end, and before it one now and then, as long as a busy machine takes.
    row = rows[-1]
    assert {it["process"] for it in rows} == {"monerosim"}
    assert 0 < row["cpu_s"] < 60
    assert row["t_us"] >= played.plan.duration
    assert row["rss"] > 30_000_000
    parts = [path.stat().st_size for path in played.directory.rglob("*") if "tables" not in path.parts]
    # The summary is written after it; files take whole blocks.
    assert sum(parts) / 2 < row["disk"] < sum(parts) + 8192 * len(parts)
    with (played.directory / "resources.jsonl").open("a") as file:
        file.write('{"process":"cut off by a k')
    assert len(list(read_usages(played.directory))) == len(rows)
