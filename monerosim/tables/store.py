"""The tables of a run directory: made when they are first asked for, and again when there is more to tell."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from monerosim.events import Record
from monerosim.plan.plan import Plan
from monerosim.tables.resources import read_usages
from monerosim.tables.schema import TABLES_VERSION
from monerosim.tables.tables import TABLES
from monerosim.tables.whole import RunEnd
from monerosim.tables.write import SOURCE_KEY, VERSION_KEY, TablesWriter

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

DIRECTORY = "tables"
"""Where a run directory has them, a file ``NAME.parquet`` each."""


class TablesError(Exception):
    """The tables cannot be read or made; the message is for the user."""


class RunTable:
    """A table of a run.

    Args:
        path: Its file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.stem

    def arrow(self) -> pa.Table:
        """Return it as a pyarrow Table."""
        return pq.read_table(self.path)

    def polars(self) -> "pl.DataFrame":
        """Return it as a polars DataFrame; polars has to be installed."""
        import polars as pl  # noqa: PLC0415  (a choice of the user's)

        return pl.read_parquet(self.path)

    def pandas(self) -> "pd.DataFrame":
        """Return it as a pandas DataFrame; pandas has to be installed."""
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame

    def __len__(self) -> int:
        return int(pq.read_metadata(self.path).num_rows)

    def __repr__(self) -> str:
        return f"<table {self.name}: {len(self)} rows of {', '.join(it.name for it in TABLES[self.name].columns)}>"


class RunTables(Mapping[str, RunTable]):
    """The tables of a run, by name or as attributes: ``tables.blocks`` is ``tables["blocks"]``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __getitem__(self, name: str) -> RunTable:
        if name not in TABLES:
            raise KeyError(name)
        return RunTable(self.directory / f"{name}.parquet")

    def __getattr__(self, name: str) -> RunTable:
        if name not in TABLES:
            raise AttributeError(f"there is no table {name!r}; there are {', '.join(TABLES)}")
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *TABLES]


def keep_tables(
    plan: Plan, run: Path, source: str, records: Callable[[], Iterable[Record]], ended: RunEnd | None
) -> RunTables:
    """Return the tables of a run directory, made anew if those that are there are of something else.

    Args:
        plan: The run's plan.
        run: Its directory.
        source: What the records are from; the same text for the same records. Empty where there are none any more: then
            the tables that were kept are all there is.
        records: Reads them.
        ended: How the run ended; None while it has no summary.

    Raises:
        TablesError: They cannot be read or written.
        ValueError: A whole line of the event log is no event.
    """
    directory = run / DIRECTORY
    try:
        made = made_from(directory)
        if not made or (source and made != source):
            with TablesWriter(plan, directory, source) as writer:
                deque(writer.taking(records()), maxlen=0)
                writer.finish(ended, read_usages(run))
    except OSError as error:
        raise TablesError(f"{directory} cannot be written: {error.strerror or error}") from error
    return RunTables(directory)


def made_from(directory: Path) -> str:
    """Return what tables that are there were made from; empty if some are missing.

    Raises:
        TablesError: They are of a newer format, or damaged.
    """
    if not all((directory / f"{name}.parquet").is_file() for name in TABLES):
        return ""
    try:
        found = pq.read_schema(directory / "run.parquet").metadata or {}
    except (OSError, pa.ArrowInvalid) as error:
        raise TablesError(f"{directory} cannot be read: {error}") from error
    version = int(found.get(VERSION_KEY, b"0"))
    if version > TABLES_VERSION:
        raise TablesError(f"{directory} has tables of version {version}; this monerosim knows {TABLES_VERSION}")
    return str(found.get(SOURCE_KEY, b"").decode()) if version == TABLES_VERSION else ""
