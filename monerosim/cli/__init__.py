"""The command line. Each command is a module of this package, loaded only when it is called."""

import errno
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from keyword import iskeyword
from typing import Any

import click

from monerosim.cli.exits import FAILED

STAGES = {
    "Begin": {
        "tutorial": "Learn the commands in five steps, with a small run.",
        "completion": "Print what makes a shell complete commands and options.",
    },
    "Write": {
        "new": "Write a commented scenario to start from.",
        "new-actor": "Write an actor of your own to start from, and its test.",
        "check": "Validate a scenario and report every error.",
        "plugins": "List actors, topologies, rules, engines, events and commands, or describe one.",
        "schema": "Print the JSON Schema of scenarios, for editors.",
    },
    "Run": {
        "doctor": "Check that the programs each engine needs are installed.",
        "topology": "Show who is connected with whom in a scenario, and draw it.",
        "build": "Write the run directory of a scenario.",
        "run": "Run a scenario.",
    },
    "Look": {
        "runs": "List the runs of a directory.",
        "serve": "Show runs in a browser, while they are played and afterwards.",
        "report": "Show the summary of runs, and write a page with their figures.",
        "query": "Ask the tables of runs by SQL.",
        "compare": "Compare runs, and say what chance allows.",
        "diff": "Find where two runs that should be equal part.",
        "export": "Write a run in the form of other programs.",
        "trace": "Show actor logs in time order.",
    },
    "Many runs": {
        "sweep": "Run a scenario with many seeds and values.",
        "search": "Find the value at which a measure crosses a target.",
        "study": "Answer a question whose answer is known, and compare.",
        "swarm": "Try generated scenarios for faults of the program.",
    },
    "From elsewhere": {
        "import": "Make a scenario of one of the public monerosim, or of a Shadow file.",
        "migrate": "Make a scenario of a configuration of the old monerosim.",
        "model": "Serve modelled nodes and wallets over HTTP, for other programs.",
    },
}
"""The commands by the stage of work that they belong to, each with its line of help."""

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)

_COMMANDS = [name for commands in STAGES.values() for name in commands]


class _Commands(click.Group):
    """A group that knows its commands by name, so that ``--help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names in the order in which one needs them."""
        del ctx
        return _COMMANDS

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        # A keyword cannot be the name of a function.
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"monerosim.cli.commands.{module}"), module)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; of an unknown one, suggest the nearest."""
        called = args[0]
        near = get_close_matches(called, _COMMANDS, 1)
        if called not in _COMMANDS and (near or called.endswith(".toml")):
            meant = near[0] if near else f"run {called}"
            ctx.fail(f'unknown command "{called}"; did you mean "{meant}"?')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by stage, without loading them."""
        del ctx
        width = max(map(len, _COMMANDS))
        for stage, commands in STAGES.items():
            with formatter.section(stage):
                formatter.write_dl([(name.ljust(width), text) for name, text in commands.items()])

    def main(self, args: Sequence[str] | None = None, *rest: Any, **options: Any) -> Any:
        """Call a command. Output that cannot be written is an error of one line; a closed pipe is none."""
        try:
            try:
                return super().main(args, *rest, **options)
            finally:
                # Whatever is still to be written fails here, not when Python exits.
                sys.stdout.flush()
        except BrokenPipeError:
            code = 0
        except OSError as error:
            if error.errno not in _DISK_FULL:
                raise
            click.echo(f"monerosim: output cannot be written: {error.strerror}", err=True)
            code = FAILED
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="monerosim", prog_name="monerosim")
def main() -> None:
    """Simulate Monero networks whose participants are actors.

    Start with `monerosim tutorial`, or with `monerosim new scenario.toml` and `monerosim run scenario.toml`.
    """
