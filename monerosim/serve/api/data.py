"""What a run's tables have: blocks, transactions, the network, metrics, and answers to questions."""

import re
import shutil
import tempfile
from http import HTTPStatus
from pathlib import Path
from threading import BoundedSemaphore
from typing import Annotated, Any, Literal

import msgspec
import pyarrow as pa
from msgspec import Meta
from pyarrow import csv, parquet
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from monerosim.serve.api.runs import chosen
from monerosim.serve.operation import Call, Chosen, Operation, Refusal
from monerosim.serve.site import ShownRun
from monerosim.tables.measures import MEASURES
from monerosim.tables.query import QueryError
from monerosim.tables.schema import Table
from monerosim.tables.tables import TABLES

MOST = 10_000
"""Rows of an answer in JSON."""

_SECONDS = 20.0
"""That a question may take."""

QUESTIONS = BoundedSemaphore(2)
"""How many questions are answered at once: each may take two cores."""

_PATIENCE = 2.0
"""Seconds that a question waits for others; a thread waits with it."""

_LARGEST = 2**62
_MOST_LINKS = 1_000_000
_HASH = re.compile(r"[0-9a-f]{64}")


class PageQuery(Chosen, frozen=True, kw_only=True):
    """Which rows are wanted."""

    limit: Annotated[int, Meta(ge=1, le=MOST)] = 1000
    offset: Annotated[int, Meta(ge=0, le=_LARGEST)] = 0


class TableQuery(PageQuery, frozen=True, kw_only=True):
    """Which rows are wanted, and how they are written."""

    format: Literal["json", "csv", "parquet"] = "json"
    """``csv`` and ``parquet`` have the whole table."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question about the tables of the chosen run."""

    sql: Annotated[str, Meta(max_length=100_000)]
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 1000


class RowsPage(msgspec.Struct, frozen=True):
    """Rows of a table."""

    columns: list[str]
    rows: list[list[Any]]
    more: bool
    """Whether there are more than these."""


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction, and what became of it."""

    transaction: dict[str, Any]
    """Its row of the table ``transactions``."""
    states: list[dict[str, Any]]
    """Its rows of ``payment_states``."""
    blocks: list[dict[str, Any]]
    """The blocks that have it, on whichever branch."""
    sightings: list[dict[str, Any]]
    """When each node had it first."""
    stem: list[dict[str, Any]]
    """Its way before everybody got it, where that was recorded."""


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the network."""

    name: str
    address: str
    place: int | None
    place_name: str
    reach: str


class Topology(msgspec.Struct, frozen=True):
    """The network as it was at a time."""

    nodes: list[Node]
    links: list[tuple[str, str]]
    """Connections: who dialled, and who was dialled."""


class TopologyQuery(Chosen, frozen=True, kw_only=True):
    """When the network is looked at."""

    at: Annotated[int, Meta(ge=-_LARGEST, le=_LARGEST)] | None = None
    """Microseconds since the scenario's time zero; the latest event's time, if left out."""


class Measured(msgspec.Struct, frozen=True):
    """What is counted of a run."""

    t: int
    values: dict[str, int]
    texts: dict[str, str]


def ask(shown: ShownRun, sql: str, most: int = MOST) -> pa.Table:
    """Ask the tables of a run.

    Raises:
        Refusal: The question cannot be answered.
    """
    try:
        with shown.tables.database() as database:
            return database.ask(sql, seconds=_SECONDS, most=most)
    except QueryError as error:
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from error


def _page(table: pa.Table, limit: int) -> RowsPage:
    columns = [column.to_pylist() for column in table.slice(0, limit).columns]
    return RowsPage(table.column_names, [list(row) for row in zip(*columns, strict=True)], more=table.num_rows > limit)


def _rows(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _blocks(call: Call) -> RowsPage:
    query = call.query
    sql = f"select * exclude (run) from blocks order by t_us desc, hash limit {query.limit + 1} offset {query.offset}"  # noqa: S608  (numbers)
    return _page(ask(chosen(call), sql, query.limit + 1), query.limit)


def _transaction(call: Call) -> Transaction:
    txid, shown = call.path["txid"], chosen(call)
    if not _HASH.fullmatch(txid):
        raise Refusal(HTTPStatus.NOT_FOUND, "a transaction is named by 64 hexadecimal digits")

    def rows(table: str, more: str = "") -> list[dict[str, Any]]:
        return _rows(ask(shown, f"select * exclude (run) from {table} where txid = '{txid}' {more}"))  # noqa: S608  (hexadecimal)

    found = rows("transactions")
    if not found:
        raise Refusal(HTTPStatus.NOT_FOUND, "no such transaction")
    inside = (
        f"select * exclude (run) from blocks where hash in (select hash from block_transactions where txid = '{txid}')"  # noqa: S608
    )
    return Transaction(
        transaction=found[0],
        states=rows("payment_states", "order by t_us"),
        blocks=_rows(ask(shown, inside)),
        sightings=rows("tx_sightings", "order by t_us, node"),
        stem=rows("stems", "order by hop"),
    )


def _topology(call: Call) -> Topology:
    shown = chosen(call)
    plan, at = shown.run.plan, call.query.at
    places, names = plan.topology.places, plan.topology.names
    nodes = [
        Node(
            name=host.name,
            address=host.address,
            place=places.get(host.name),
            place_name=names[places[host.name]] if names else "",
            reach=host.node.reach,
        )
        for host in plan.hosts
        if host.node is not None
    ]
    if at is None:
        at = shown.counting.now().t
    sql = f"select distinct node, peer from connections where coalesce(opened_us, {-_LARGEST}) <= {at} and coalesce(closed_us, {_LARGEST}) > {at} order by all"  # noqa: S608, E501  (numbers)
    links = [(link["node"], link["peer"]) for link in _rows(ask(shown, sql, _MOST_LINKS))]
    if not links and not shown.counting.now().values["connections"]:
        # Daemons' logs tell of connections, and are read at the end: these are those that were planned.
        links = [(host.name, peer) for host in plan.hosts if host.node is not None for peer in host.node.peers]
    return Topology(nodes, links)


def _table(call: Call) -> RowsPage | Response:
    name, query, shown = call.path["name"], call.query, chosen(call)
    if name not in TABLES:
        raise Refusal(HTTPStatus.NOT_FOUND, f"there is no table {name}; there are {', '.join(TABLES)}")
    if query.format == "json":
        sql = f"select * exclude (run) from {name} limit {query.limit + 1} offset {query.offset}"  # noqa: S608  (a table)
        return _page(ask(shown, sql, query.limit + 1), query.limit)
    with tempfile.NamedTemporaryFile(suffix=f".{query.format}", delete=False) as file:
        copy = Path(file.name)
    with shown.tables.directory() as directory:
        if query.format == "parquet":
            shutil.copyfile(directory / f"{name}.parquet", copy)
        else:
            _write_csv(directory / f"{name}.parquet", copy)
    media = "text/csv" if query.format == "csv" else "application/vnd.apache.parquet"
    return FileResponse(
        copy, media_type=media, filename=f"{name}.{query.format}", background=BackgroundTask(copy.unlink)
    )


def _write_csv(table: Path, path: Path) -> None:
    source = parquet.ParquetFile(table)
    names = source.schema_arrow.names
    with path.open("wb") as file:
        file.write((",".join(f'"{name}"' for name in names) + "\n").encode())
        for batch in source.iter_batches():
            plain = [it.cast(pa.string()) if pa.types.is_dictionary(it.type) else it for it in batch.columns]
            options = csv.WriteOptions(include_header=False)
            csv.write_csv(pa.RecordBatch.from_arrays(plain, names=names), file, options)


def _tables(call: Call) -> list[Table]:
    del call
    return list(TABLES.values())


def _query(call: Call) -> RowsPage:
    if not QUESTIONS.acquire(timeout=_PATIENCE):
        raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "other questions are being answered")
    try:
        return _page(ask(chosen(call), call.body.sql, call.body.limit + 1), call.body.limit)
    finally:
        QUESTIONS.release()


def _metrics(call: Call) -> Measured:
    counted = chosen(call).counting.now()
    return Measured(counted.t, dict(counted.values), {measure.name: measure.text for measure in MEASURES})


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/blocks",
        summary="The chosen run's blocks, the latest first.",
        handle=_blocks,
        query=PageQuery,
        answer=RowsPage,
    ),
    Operation(
        method="GET",
        path="/api/transactions/{txid}",
        summary="A transaction, and what became of it.",
        handle=_transaction,
        query=Chosen,
        answer=Transaction,
    ),
    Operation(
        method="GET",
        path="/api/topology",
        summary="Nodes, and who was connected with whom.",
        handle=_topology,
        query=TopologyQuery,
        answer=Topology,
    ),
    Operation(
        method="GET",
        path="/api/tables",
        summary="The tables that every run has, and their columns.",
        handle=_tables,
        answer=list[Table],
    ),
    Operation(
        method="GET",
        path="/api/tables/{name}",
        summary="A table of the chosen run.",
        handle=_table,
        query=TableQuery,
        answer=RowsPage,
        media=("application/json", "text/csv", "application/vnd.apache.parquet"),
    ),
    Operation(
        method="POST",
        path="/api/query",
        summary="Ask the tables of the chosen run by SQL; nothing else can be read, and nothing written.",
        handle=_query,
        query=Chosen,
        body=Question,
        answer=RowsPage,
    ),
    Operation(
        method="GET",
        path="/api/metrics",
        summary="What is counted of the chosen run, up to now; the table metrics has it by the minute.",
        handle=_metrics,
        query=Chosen,
        answer=Measured,
    ),
)
