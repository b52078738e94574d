"""Writes a run's tables as Parquet, in one pass over its records."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from monerosim.events import Record
from monerosim.plan.plan import Plan
from monerosim.tables.maker import Cell
from monerosim.tables.resources import Usage
from monerosim.tables.schema import TABLES_VERSION, Table
from monerosim.tables.tables import MAKERS, SIGHTINGS, TABLES
from monerosim.tables.whole import RunEnd, run_row

_MOST_ROWS = 50_000
"""Rows of a table that are kept back and written together."""

_MOST_SIGHTINGS = 1_000_000

_TYPES = {
    "text": pa.string(),
    "name": pa.dictionary(pa.int32(), pa.string()),
    "integer": pa.int64(),
    "time": pa.int64(),
    "amount": pa.int64(),
    "real": pa.float64(),
    "boolean": pa.bool_(),
}

VERSION_KEY = b"monerosim.tables"
"""The key of a file's metadata that has the format's version."""

SOURCE_KEY = b"monerosim.source"
"""That of what the tables were made from: how many bytes of events, and whether there was a summary."""


def arrow_schema(table: Table, source: str = "") -> pa.Schema:
    """Return a table's schema; its metadata say what format it is of, and what its columns have."""
    fields = [
        pa.field(column.name, _TYPES[column.type], metadata={"text": column.text, "type": column.type})
        for column in table.columns
    ]
    return pa.schema(fields, metadata={VERSION_KEY: str(TABLES_VERSION), SOURCE_KEY: source})


class _TableFile:
    """A table on its way to its file."""

    def __init__(self, table: Table, path: Path, source: str) -> None:
        self.schema = arrow_schema(table, source)
        names = [column.name for column in table.columns if column.type == "name"]
        times = {column.name: "DELTA_BINARY_PACKED" for column in table.columns if column.type == "time"}
        self._writer = pq.ParquetWriter(
            path, self.schema, compression="zstd", use_dictionary=names, column_encoding=times or None
        )

    def write(self, arrays: list[pa.Array]) -> None:
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self.schema))

    def close(self) -> None:
        self._writer.close()


class _Rows:
    """Keeps rows back until there are enough to be written together."""

    def __init__(self, file: _TableFile) -> None:
        self._file = file
        self._columns: list[list[Cell]] = [[] for _ in file.schema]

    def add(self, *cells: Cell) -> None:
        for column, cell in zip(self._columns, cells, strict=True):
            column.append(cell)
        if len(self._columns[0]) >= _MOST_ROWS:
            self._flush()

    def extend(self, *columns: Sequence[Cell]) -> None:
        for column, cells in zip(self._columns, columns, strict=True):
            column.extend(cells)
        if len(self._columns[0]) >= _MOST_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._columns[0]:
            fields = zip(self._columns, self._file.schema, strict=True)
            self._file.write([pa.array(cells, type=field.type) for cells, field in fields])
            for column in self._columns:
                column.clear()

    def close(self) -> None:
        self._flush()
        self._file.close()


class _Sightings:
    """Rows of an item and a node, of which a large run has tens of millions."""

    def __init__(self, file: _TableFile, names: pa.Array) -> None:
        self._file = file
        self._names = names
        self._items: list[str] = []
        self._nodes: list[NDArray[np.int32]] = []
        self._times: list[NDArray[np.int64]] = []
        self._count = 0

    def add(self, item: str, nodes: NDArray[np.int32], times: NDArray[np.int64]) -> None:
        self._items.append(item)
        self._nodes.append(nodes)
        self._times.append(times)
        self._count += len(nodes)
        if self._count >= _MOST_SIGHTINGS:
            self._flush()

    def _flush(self) -> None:
        if self._count:
            numbers = np.repeat(np.arange(len(self._items), dtype=np.int32), [len(nodes) for nodes in self._nodes])
            items = pa.DictionaryArray.from_arrays(numbers, pa.array(self._items))
            nodes = pa.DictionaryArray.from_arrays(np.concatenate(self._nodes), self._names)
            self._file.write([items, nodes, pa.array(np.concatenate(self._times))])
            self._items, self._nodes, self._times, self._count = [], [], [], 0

    def close(self) -> None:
        self._flush()
        self._file.close()


class TablesWriter:
    """Takes the records of a run once, and leaves its tables.

    They are written beside their directory and moved there by :meth:`finish`, so that what is there is whole; without
    it nothing is left of them. To be used in a ``with`` statement.

    Args:
        plan: The run's plan.
        directory: Where the tables go; what is there is replaced.
        source: What they are made from: tables of another source are out of date.

    Raises:
        OSError: They cannot be written; by the methods as well.
    """

    def __init__(self, plan: Plan, directory: Path, source: str) -> None:
        self._plan = plan
        self._directory = directory
        self._building = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
        nodes = pa.array([host.name for host in plan.hosts if host.node is not None], type=pa.string())
        self._rows: dict[str, _Rows] = {}
        self._sightings: dict[str, _Sightings] = {}
        for name, table in TABLES.items():
            file = _TableFile(table, self._building / f"{name}.parquet", source)
            if name in SIGHTINGS:
                self._sightings[name] = _Sightings(file, nodes)
            else:
                self._rows[name] = _Rows(file)
        self._makers = [maker(plan, self._rows, self._sightings) for maker in MAKERS]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._building, ignore_errors=True)

    def taking(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass records on, and take each on its way."""
        takes = [maker.take for maker in self._makers]
        for record in records:
            for take in takes:
                take(record)
            yield record

    def finish(self, ended: RunEnd | None, usages: Iterable[Usage] = ()) -> None:
        """Put the tables into their place.

        Args:
            ended: How the run ended; None while it has no summary.
            usages: What its processes took.
        """
        for maker in self._makers:
            maker.end()
        self._rows["run"].add(*run_row(self._plan, ended))
        for it in usages:
            self._rows["resources"].add(it.process, it.wall_s, it.t_us, it.cpu_s, it.rss, it.disk)
        for rows in self._rows.values():
            rows.close()
        for sightings in self._sightings.values():
            sightings.close()
        self._building.chmod(0o755)
        if self._directory.exists():
            shutil.rmtree(self._directory)
        self._building.replace(self._directory)
