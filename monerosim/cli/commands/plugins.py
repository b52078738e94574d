"""``monerosim plugins``: actors, topologies, rules, engines, events and commands."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click
import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monerosim.agent.registry import HOST_ACTORS
from monerosim.catalogue.describe import (
    Description,
    Entry,
    Listed,
    describe_plugin,
    list_commands,
    list_events,
    list_plugins,
)
from monerosim.catalogue.fields import Field
from monerosim.cli.console import make_console
from monerosim.cli.exits import USAGE
from monerosim.plugins import PluginError, PluginFiles
from monerosim.scenario.convert import nearest

_PLURALS = {
    "actor": "actors",
    "topology": "topologies",
    "rule": "rules",
    "condition": "conditions",
    "engine": "engines",
}


@click.command("plugins")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--events", "what", flag_value="events", help="List all events with their fields.")
@click.option("--commands", "what", flag_value="commands", help="List all commands with their arguments.")
@click.pass_context
def plugins(context: click.Context, name: str | None, what: str | None, as_json: bool) -> None:
    """List the actors, topologies, rules, conditions and engines that are installed, or describe the one called NAME.

    NAME can also be an actor of every host (node, wallet, ...), an event (block-found), or ./FILE.py:CLASS below the
    current directory, whose code is run.
    """
    console = make_console()
    if what is not None:
        if name is not None:
            raise click.UsageError(f"--{what} lists all of them, so it takes no NAME")
        entries = list_events() if what == "events" else list_commands()
        if as_json:
            _print_json(entries)
        else:
            _print_entries(what, entries, console)
        return
    if name is None:
        listed = list_plugins()
        if as_json:
            _print_json(listed)
        else:
            _print_list(listed, console)
        return
    try:
        described = describe_plugin(name, PluginFiles(Path()))
    except PluginError as error:
        click.echo(f"{error}\n    {hint}" if (hint := nearest(error.given, error.valid)) else str(error), err=True)
        context.exit(USAGE)
    if as_json:
        _print_json(described)
        return
    for number, description in enumerate(described):
        console.print("\n" * bool(number), end="")
        _print_description(description, console)


def _print_json(found: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())


def _print_list(listed: Sequence[Listed], console: Console) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for kind, plugins_of in groupby(listed, key=lambda plugin: plugin.kind):
        table.add_row(f"[bold]{_PLURALS[kind]}[/bold]")
        for plugin in plugins_of:
            line = f"[red]broken:[/red] {escape(plugin.error)}" if plugin.error else escape(plugin.summary)
            table.add_row(f"  {escape(plugin.name)}", escape(f"{plugin.package} {plugin.version}"), line)
    console.print(table)
    console.print("\n`monerosim plugins NAME` describes one of them, or an event.", markup=False)


def _print_description(description: Description, console: Console) -> None:
    console.print(f"[bold]{escape(description.name)}[/bold], {description.kind} ({escape(description.target)})\n")
    console.print(escape(description.text), soft_wrap=True)
    if description.kind == "actor" and description.name not in HOST_ACTORS:
        needs = " and ".join(f"a {need}" for need in description.needs)
        console.print(f"\nneeds: {needs or 'neither node nor wallet'}")
        gives = " and ".join(f"a {need}" for need in description.usual)
        comes = f"{gives} of its own" if gives else "nothing else"
        console.print(f'usual composition: kind = "{escape(description.name)}" comes with {comes}', soft_wrap=True)
    _print_fields(description, console)
    for title, said in (
        ("commands", description.commands),
        ("messages", description.messages),
        ("letters", description.letters),
        ("events", description.events),
    ):
        _print_entries(title, said, console)
    if description.example:
        console.print("\n[bold]example[/bold]")
        console.print(description.example.rstrip(), markup=False, soft_wrap=True)


def _print_fields(description: Description, console: Console) -> None:
    if description.name in HOST_ACTORS or (description.kind == "engine" and not description.fields):
        return
    if not description.fields:
        console.print("\nIt has no keys of its own.")
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("field" if description.kind == "event" else "key", no_wrap=True)
    table.add_column("type", overflow="fold")
    if description.kind != "event":
        table.add_column("default", overflow="fold")
    table.add_column("", overflow="fold")
    for field in description.fields:
        default = [] if description.kind == "event" else [_default(field)]
        table.add_row(*(escape(cell) for cell in (field.key, field.type, *default, _words(field))))
    console.print()
    console.print(table)


def _default(field: Field) -> str:
    if field.required:
        return "required"
    return "" if field.default is None else msgspec.json.encode(field.default).decode()


def _words(field: Field) -> str:
    immutable = "cannot be changed in mid-run" if field.immutable else ""
    words = (field.description, field.unit, field.bounds, immutable)
    return " ".join(f"({word})" if word is not field.description else word for word in words if word)


def _print_entries(title: str, entries: Sequence[Entry], console: Console) -> None:
    if not entries:
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in entries:
        behaviours = f" ({', '.join(each.actors)})" if each.actors else ""
        table.add_row(f"  {escape(each.name)}", escape(each.summary + behaviours))
        for field in each.arguments:
            needed = "(required)" if field.required else "(optional)"
            words = (field.type, _words(field), needed)
            table.add_row(f"    {escape(field.key)}", escape(" ".join(word for word in words if word)))
        if each.returns:
            table.add_row("    returns", escape(each.returns))
        for raised in each.raises:
            table.add_row("    raises", escape(raised))
    console.print(f"\n[bold]{title}[/bold]")
    console.print(table)
