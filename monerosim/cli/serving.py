"""What the commands that serve runs have in common."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from monerosim.serve.beside import Beside

EXTRA = "pip install 'monerosim[serve]'"
"""What brings the libraries of the server."""

PORT = 8420

F = TypeVar("F", bound=Callable[..., Any])


def port_option(command: F) -> F:
    """Add the option that says on which port is served."""
    return click.option(
        "--port", type=click.IntRange(0, 65_535), default=PORT, show_default=True, help="Where to serve; 0: a free one."
    )(command)


def serve_options(command: F) -> F:
    """Add the options by which a run is served while it is played."""
    return click.option(
        "--serve",
        is_flag=True,
        help="Show the run in a browser while it is played and afterwards, until Ctrl-C; it takes commands.",
    )(port_option(command))


def serve_beside(context: click.Context, directory: Path, port: int) -> "Beside":
    """Serve a run directory until the command ends, and tell where.

    Raises:
        click.ClickException: It cannot be served.
    """
    try:
        from monerosim.serve.beside import beside  # noqa: PLC0415  (an extra)
        from monerosim.serve.server import ServeError  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise missing(error) from error
    try:
        server = context.with_resource(beside(directory, port))
    except ServeError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"serving {directory} at {server.address}", err=True)
    return server


def missing(error: ModuleNotFoundError) -> click.ClickException:
    """Return how to get what is missing."""
    return click.ClickException(f"serve needs {error.name}: {EXTRA}")
