"""The command line. Each command is a module of this package, loaded only when it is called."""

from importlib import import_module

import click

_COMMANDS = {
    "new": "Write a commented scenario to begin with.",
    "check": "Say everything that is wrong with a scenario.",
    "schema": "Print the JSON Schema of scenarios, for editors.",
    "doctor": "Say what is here, what is missing and how it is installed.",
    "build": "Write the run directory of a scenario.",
    "run": "Play a scenario.",
    "plugins": "List the actors, topologies and engines there are, or describe one.",
    "new-actor": "Write an actor of your own to begin with, and its test.",
    "report": "Show the summary of a run again.",
    "trace": "Show what the actors of a run did, in time order.",
    "swarm": "Try made-up scenarios for faults of the program.",
    "model": "Serve a modelled monerod and wallet over HTTP.",
}


class _Commands(click.Group):
    """A group that knows its commands by name, so that ``--help`` imports none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands in the order in which one needs them."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"monerosim.cli.commands.{module}"), module)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="monerosim", prog_name="monerosim")
def main() -> None:
    """Simulate Monero networks whose participants are actors.

    Begin with `monerosim new scenario.toml`, then `monerosim run scenario.toml`.
    """
