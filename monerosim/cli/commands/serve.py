"""``monerosim serve``: runs in a browser, and for other programs."""

import secrets
from pathlib import Path

import click

from monerosim.build.rundir import is_run_directory
from monerosim.cli.paths import FolderPath
from monerosim.cli.serving import missing, port_option


@click.command("serve")
@click.argument("directory", default="runs", type=FolderPath())
@port_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where to listen. Whoever reaches another address than loopback's can read all runs.",
)
@click.option("--allow-commands", is_flag=True, help="Those who have the token may steer runs.")
@click.option("--allow-runs", is_flag=True, help="Those who have the token may submit scenarios.")
def serve(directory: Path, port: int, host: str, allow_commands: bool, allow_runs: bool) -> None:
    """Show DIRECTORY, a run or a folder of runs, by default ./runs, in a browser and to other programs.

    Runs are shown while they are played and afterwards. The address that it prints has a token, which is needed for
    whatever changes something. Ctrl-C ends it.
    """
    try:
        from monerosim.serve.server import ServeError, address_of, listen  # noqa: PLC0415  (an extra)
        from monerosim.serve.server import serve as answer  # noqa: PLC0415
        from monerosim.serve.site import Rights, Site  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing(error) from error
    if allow_runs and is_run_directory(directory):
        raise click.UsageError(f"--allow-runs: {directory} is a run, not a folder of runs")
    token = secrets.token_urlsafe(24)
    try:
        listening = listen(host, port)
    except ServeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"serving {directory} at {address_of(listening)}/#token={token}")
    with Site(directory, token, Rights(commands=allow_commands, runs=allow_runs)) as site:
        answer(site, listening, host)
