"""``monerosim query``: the tables of runs, asked by SQL."""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from rich.table import Table
from rich.text import Text

from monerosim.cli.console import make_console
from monerosim.ensemble.store import DESIGN, StoreError
from monerosim.ensemble.sweep import Sweep
from monerosim.runs import Run, RunError
from monerosim.runs import query as ask
from monerosim.tables.examples import EXAMPLES
from monerosim.tables.schema import Column
from monerosim.tables.tables import TABLES
from monerosim.tables.views import VIEWS

if TYPE_CHECKING:
    import pyarrow as pa

_FORMATS = ("table", "csv", "json", "parquet")


@click.command("query")
@click.argument("words", nargs=-1, metavar="[RUN]... [SQL]")
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), default="table", show_default=True, help="Of the answer."
)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The answer's file.")
@click.option("--examples", is_flag=True, help="Show ten questions with their SQL, and with RUN the answers.")
def query(words: tuple[str, ...], form: str, output: Path | None, examples: bool) -> None:
    """Ask the tables of each RUN by SQL, as DuckDB understands it.

    RUN can also be a sweep that has kept its runs' tables; the table `points` then has what varies, by `run`.

    Without SQL the tables and their columns are listed; docs/tables.md has them, too. Each table has a column `run`
    before its own. Nothing but the tables can be read, and nothing written.
    """
    runs = [word for word in words if _is_directory(word)]
    questions = [word for word in words if word not in runs]
    if len(questions) > 1 or (questions and (not runs or examples)):
        told = f"{questions[0]!r} is no directory" if len(questions) > 1 or not runs else "--examples takes no SQL"
        raise click.UsageError(f"{told}; a question begins with select, from or with")
    try:
        found, more = _found(runs)
        if examples:
            _show_examples(found)
        elif questions:
            _write(ask(found, questions[0], more), form, output)
        else:
            _list(found)
    except RunError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        if output is None:
            raise
        raise click.ClickException(f"{output} cannot be written: {error.strerror or error}") from error


def _is_directory(word: str) -> bool:
    """Return whether a word is a directory; a question may be too long to be one."""
    try:
        return Path(word).is_dir()
    except OSError:
        return False


def _found(paths: Sequence[str]) -> tuple[list[Run], dict[str, "pa.Table"]]:
    """Return the runs that are meant, those of a sweep with the table of what varies."""
    if len(paths) != 1 or not (Path(paths[0]) / DESIGN).is_file():
        return [Run(path) for path in paths], {}
    try:
        swept = Sweep(paths[0])
    except StoreError as error:
        raise RunError(str(error)) from error
    return swept.kept_runs(), {"points": swept.points()}


def _show_examples(runs: list[Run]) -> None:
    for number, example in enumerate(EXAMPLES, 1):
        click.echo(f"{number}. {example.question}\n{example.sql.strip()}\n")
        if runs:
            _print(ask(runs, example.sql))
            click.echo()


def _list(runs: list[Run]) -> None:
    """List tables and views with their columns; of a single run, with the number of rows."""
    counts = {name: f" ({len(table):,} rows)" for name, table in runs[0].tables.items()} if len(runs) == 1 else {}
    for name, table in TABLES.items():
        click.echo(f"{name}{counts.get(name, '')}: {_names(table.columns)}")
    for view in VIEWS:
        click.echo(f"{view.name} (view): {_names(view.columns)}")


def _names(columns: Iterable[Column]) -> str:
    return ", ".join(column.name for column in columns)


def _write(answer: "pa.Table", form: str, output: Path | None) -> None:
    if form == "table" and output is None:
        _print(answer)
    elif form == "parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415  (an extra)

        if output is None:
            raise click.UsageError("Parquet is for a file: add -o FILE")
        pq.write_table(answer, output)
    else:
        text = _json(answer) if form == "json" else _csv(answer)
        if output is None:
            sys.stdout.write(text)
        else:
            output.write_text(text, encoding="utf-8")


def _print(answer: "pa.Table") -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    rows = answer.to_pylist()
    for name in answer.column_names:
        numbers = all(isinstance(row[name], int | float) or row[name] is None for row in rows)
        table.add_column(Text(name), justify="right" if numbers else "left")
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row.values()))
    make_console().print(table)


def _json(answer: "pa.Table") -> str:
    """Return a line of JSON a row."""
    return "".join(f"{msgspec.json.encode(row).decode()}\n" for row in answer.to_pylist())


def _csv(answer: "pa.Table") -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(answer.column_names)
    writer.writerows(row.values() for row in answer.to_pylist())
    return text.getvalue()
