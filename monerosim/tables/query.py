"""Asking the tables of runs by SQL: nothing but the tables can be read, and nothing can be written."""

from collections.abc import Mapping
from pathlib import Path
from threading import Timer
from types import MappingProxyType
from typing import Self

import duckdb
import pyarrow as pa

from monerosim.tables.tables import TABLES
from monerosim.tables.views import VIEWS
from monerosim.tables.window import Window, windowed

MEMORY = "1GB"
"""The most that a question may take; DuckDB then writes nothing to disk, but gives up."""

TIME = 300.0
"""Seconds after which a question is given up."""

_ALLOWED = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)


class QueryError(Exception):
    """A question cannot be answered; the message is for the user."""


class Database:
    """The tables of some runs, each with a column ``run`` before its own, and the views made of them.

    Args:
        runs: Names of runs, and the directories of their tables.
        more: Further tables by name.
        window: Of which simulated time the rows are; all of it if left out.

    Raises:
        QueryError: A table cannot be read.
    """

    def __init__(
        self,
        runs: Mapping[str, Path],
        more: Mapping[str, pa.Table] = MappingProxyType({}),
        window: Window | None = None,
    ) -> None:
        self._connection = duckdb.connect(
            config={
                "memory_limit": MEMORY,
                "threads": 2,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
                "temp_directory": "",
            }
        )
        try:
            files = {name: [directory / f"{name}.parquet" for directory in runs.values()] for name in TABLES}
            every = [str(path.resolve()) for paths in files.values() for path in paths]
            self._connection.execute("set allowed_paths = $1", [every])
            if window is not None:
                # Views are made of the whole, so that the first block of a window knows the one before it.
                self._connection.execute("create schema whole")
                self._connection.execute("set schema = 'whole'")
            for name, paths in files.items():
                parts = [
                    # What is put together here are names that are quoted, and paths.
                    f"select {_literal(run)} as run, * from read_parquet({_literal(str(path.resolve()))})"  # noqa: S608
                    for run, path in zip(runs, paths, strict=True)
                ]
                self._connection.execute(f"create view {name} as {' union all by name '.join(parts)}")
            for view in VIEWS:
                self._connection.execute(f"create view {view.name} as {view.sql}")
            if window is not None:
                self._connection.execute("set schema = 'main'")
                for name in (*files, *(view.name for view in VIEWS)):
                    self._connection.execute(f"create view {name} as {windowed(name, window)}")
            for name, table in more.items():
                self._connection.register(name, table)
            self._connection.execute("set enable_external_access = false")
            self._connection.execute("set lock_configuration = true")
        except duckdb.Error as error:
            raise QueryError(f"the tables cannot be read: {str(error).strip()}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def ask(self, sql: str, *, seconds: float = TIME, most: int | None = None) -> pa.Table:
        """Answer one question.

        Args:
            sql: The question.
            seconds: After which it is given up.
            most: How many rows of the answer are wanted at most; all, if left out.

        Returns:
            A pyarrow Table.

        Raises:
            QueryError: It is no question, or cannot be answered, or takes too long or too much memory.
        """
        timer = Timer(seconds, self._connection.interrupt)
        try:
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1 or statements[0].type not in _ALLOWED:
                raise QueryError("only a single question can be asked: a statement that begins with select or with")
            timer.start()
            answer = self._connection.sql(sql)
            return _plain((answer if most is None else answer.limit(most)).to_arrow_table())
        except duckdb.InterruptException as error:
            raise QueryError(f"given up after {seconds:.0f} s") from error
        except duckdb.Error as error:
            raise QueryError(str(error).strip()) from error
        finally:
            timer.cancel()


def _plain(answer: pa.Table) -> pa.Table:
    """Turn the sums of integers, which DuckDB has in 128 bits, into the usual ones; real numbers where too large."""
    for number, field in enumerate(answer.schema):
        if pa.types.is_decimal(field.type) and field.type.scale == 0:
            try:
                column = answer.column(number).cast(pa.int64())
            except pa.ArrowInvalid:
                column = answer.column(number).cast(pa.float64())
            answer = answer.set_column(number, field.name, column)
    return answer


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
