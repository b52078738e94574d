"""The options by which a run is controlled while it is played."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from monerosim.build.rundir import RunDirectoryError
from monerosim.control import ControlError, Request, open_control, write_request
from monerosim.control.clock import parse_speed
from monerosim.engine import load_engine
from monerosim.plan.plan import Plan

F = TypeVar("F", bound=Callable[..., Any])


def control_options(command: F) -> F:
    """Add the options that say how a run is controlled."""
    command = click.option(
        "--control",
        is_flag=True,
        help="Take requests while it is played, from files in the folder control of the run directory.",
    )(command)
    return click.option(
        "--speed",
        callback=_speed,
        help='How fast it is played: "60x" for a simulated minute a second, or "max" for as fast as possible; '
        "it can be changed meanwhile. Only where time can be slowed: engine embedded.",
    )(command)


def prepare_control(plan: Plan, directory: Path, *, control: bool, speed: str | None) -> None:
    """Have a run take requests, if that is wanted, the first being its speed.

    Raises:
        click.UsageError: The engine's time cannot be slowed.
        RunDirectoryError: The run directory cannot be written.
    """
    if speed is not None and not load_engine(plan.engine).paced:
        raise click.UsageError(f"--speed: the time of the engine {plan.engine} cannot be slowed")
    if not control and speed is None:
        return
    try:
        open_control(directory)
        if speed is not None:
            write_request(directory, Request("speed", arguments={"factor": speed}))
    except OSError as error:
        raise RunDirectoryError(f"{directory} cannot be written: {error.strerror}") from error


def _speed(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    del context, parameter
    try:
        if value is not None:
            parse_speed(value)
    except ControlError as error:
        raise click.BadParameter(str(error)) from error
    return value
