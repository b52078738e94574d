"""``monerosim export``: a run in the form of other programs."""

from pathlib import Path

import click

from monerosim.cli.paths import FolderPath
from monerosim.runs import EXTRA, Run, RunError

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command("export")
@click.argument("run", type=FolderPath())
@click.option("--csv", type=click.Path(file_okay=False, path_type=Path), help="Each table as a CSV file, here.")
@click.option(
    "--xmrpeers",
    type=click.Path(file_okay=False, path_type=Path),
    help="Relays as monerod logs them, here: NODE/bitmonero.log, which R's package xmrpeers reads.",
)
@click.option("--perfetto", type=_FILE, help="Simulated time as a trace for ui.perfetto.dev or chrome://tracing.")
@click.option("--otlp", type=_FILE, help="The same as OTLP JSON, for OpenTelemetry.")
@click.option("--crate", type=_FILE, help="A zip (RO-Crate) with all that it takes to repeat and cite the run.")
@click.option(
    "--bug", type=_FILE, help="A zip with what it takes to find a fault of monerosim; read it before sending."
)
def export(
    run: Path,
    csv: Path | None,
    xmrpeers: Path | None,
    perfetto: Path | None,
    otlp: Path | None,
    crate: Path | None,
    bug: Path | None,
) -> None:
    """Write RUN in the form of other programs; several forms at once, if wanted."""
    if not any((csv, xmrpeers, perfetto, otlp, crate, bug)):
        raise click.UsageError("say what to write: --csv, --xmrpeers, --perfetto, --otlp, --crate or --bug")
    try:
        from monerosim.results.export.archive import export_bug, export_crate  # noqa: PLC0415  (an extra)
        from monerosim.results.export.logs import export_logs  # noqa: PLC0415
        from monerosim.results.export.spans import export_otlp, export_perfetto  # noqa: PLC0415
        from monerosim.results.export.tables import export_csv  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise click.ClickException(f"exports need {error.name}: {EXTRA}") from error
    try:
        played = Run(run)
        for path, write in (
            (csv, export_csv),
            (xmrpeers, export_logs),
            (perfetto, export_perfetto),
            (otlp, export_otlp),
            (crate, export_crate),
            (bug, export_bug),
        ):
            if path is not None:
                write(played, path)
                click.echo(path)
    except (RunError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename} cannot be written: {error.strerror or error}") from error
