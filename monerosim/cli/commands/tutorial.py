"""``monerosim tutorial``: five steps in the terminal, each with what to look at."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from monerosim.scenario.template import template

_SCENARIO = "tutorial.toml"
_SMALL = ("participants.user.count=4", "simulation.duration=30m")


class _Step:
    def __init__(self, title: str, text: str, commands: Sequence[Sequence[str]], look: str) -> None:
        self.title = title
        self.text = text
        self.commands = commands
        self.look = look


def _steps(scenario: Path, run: Path, slow: Path) -> list[_Step]:
    """Return the steps, with the files that they write."""
    small = [word for change in _SMALL for word in ("--set", change)]
    quiet = ["--quiet", "--no-report"]
    return [
        _Step(
            "A scenario",
            "A network is one TOML file: who takes part, and what they do. `monerosim new` writes one with comments. "
            "`monerosim check` reports every error at once, or what the scenario comes to.",
            [["check", str(scenario), *small]],
            f"Read {scenario}: each [participants.NAME] is a participant or a group. --set changes a value for once.",
        ),
        _Step(
            "Behaviours",
            "What a participant does is a behaviour with keys of its own. `kind` in the scenario names one.",
            [["plugins", "hodler"]],
            "Each key has its default and unit; the example is for your scenario. `monerosim plugins` lists all.",
        ),
        _Step(
            "A run",
            "The engine `embedded` plays modelled daemons and wallets in virtual time. With --engine local or shadow "
            "the same file runs on the real monerod and monero-wallet-rpc.",
            [["run", str(scenario), *small, "-o", str(run), *quiet]],
            "requested, sent and confirmed payments; blocks of each miner; how long blocks and transactions took to "
            f"reach the nodes; the digest, which is the same on every machine. All of it is in {run}.",
        ),
        _Step(
            "What somebody did",
            "Each participant's actors leave a trace: what they were told, asked and answered, in simulated time.",
            [["trace", str(run), "-p", "user-001", "-a", "regular-user", "--until", "15m"]],
            "A line ends with the message that it belongs to: `monerosim trace RUN --follow ID` shows all that came of "
            "it, at every participant.",
        ),
        _Step(
            "A comparison",
            "The same network with slow links: what changes?",
            [
                ["run", str(scenario), *small, "--set", "network.latency=2s", "-o", str(slow), *quiet],
                ["compare", str(run), str(slow)],
            ],
            "Propagation takes longer. One run on each side cannot tell chance: `monerosim sweep` plays many seeds.",
        ),
    ]


@click.command("tutorial")
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default="tutorial")
@click.pass_context
def tutorial(context: click.Context, directory: Path) -> None:
    """Show in five steps how a network is written, checked, run, looked at and compared.

    The scenario and two small runs are written to DIRECTORY (tutorial if left out). On a terminal each step waits for
    Enter.
    """
    try:
        directory.mkdir(parents=True)
    except FileExistsError as error:
        raise click.ClickException(f"{directory} already exists; name another directory") from error
    except OSError as error:
        raise click.ClickException(f"{directory} cannot be made: {error.strerror}") from error
    scenario = directory / _SCENARIO
    scenario.write_bytes(template())
    steps = _steps(scenario, directory / "run", directory / "slow")
    for number, step in enumerate(steps, 1):
        click.secho(f"\n{number} of {len(steps)}: {step.title}", bold=True)
        click.echo(click.wrap_text(step.text, 100))
        for command in step.commands:
            click.secho(f"\n    $ monerosim {' '.join(map(_quoted, command))}\n", fg="cyan")
            sys.stdout.flush()
            context.find_root().command.main(list(command), prog_name="monerosim", standalone_mode=False)
        click.echo(click.wrap_text(f"\nLook at: {step.look}", 100))
        if number < len(steps) and sys.stdin.isatty() and sys.stdout.isatty():
            click.pause("\nEnter for the next step ...")
    click.echo(f"\nNext: change {scenario}, and `monerosim run` it; or `monerosim new --template market`, attack, ...")


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word
