"""``monerosim plugins``: the building blocks there are, and what each can be told."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import click
import msgspec
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from monerosim.catalogue.describe import Description, Entry, Listed, describe_plugin, list_plugins
from monerosim.catalogue.fields import Field
from monerosim.cli.console import make_console
from monerosim.plugins import PluginError, PluginFiles
from monerosim.scenario.convert import nearest

_PLURALS = {"actor": "actors", "topology": "topologies", "engine": "engines"}


@click.command("plugins")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def plugins(context: click.Context, name: str | None, as_json: bool) -> None:
    """List the actors, topologies and engines that are installed, or describe the one that NAME names.

    NAME may be ./FILE.py:CLASS too, below the current directory. Its code is run.
    """
    console = make_console()
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
        context.exit(2)
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
    console.print("\n`monerosim plugins NAME` tells more of one.", markup=False)


def _print_description(description: Description, console: Console) -> None:
    console.print(f"[bold]{escape(description.name)}[/bold], {description.kind} ({escape(description.target)})\n")
    console.print(escape(description.text), soft_wrap=True)
    if description.kind == "actor":
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
        _print_said(title, said, console)
    console.print("\n[bold]example[/bold]")
    console.print(description.example.rstrip(), markup=False, soft_wrap=True)


def _print_fields(description: Description, console: Console) -> None:
    if description.kind == "engine":
        return
    if not description.fields:
        console.print("\nIt has no keys of its own.")
        return
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False)
    table.add_column("key", no_wrap=True)
    table.add_column("type", overflow="fold")
    table.add_column("default", overflow="fold")
    table.add_column("", overflow="fold")
    for field in description.fields:
        table.add_row(*(escape(cell) for cell in (field.key, field.type, _default(field), _words(field))))
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


def _print_said(title: str, said: Sequence[Entry], console: Console) -> None:
    if not said:
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in said:
        table.add_row(f"  {escape(each.name)}", escape(each.summary))
        for field in each.arguments:
            needed = "(required)" if field.required else "(may be left out)"
            words = (field.type, _words(field), needed)
            table.add_row(f"    {escape(field.key)}", escape(" ".join(word for word in words if word)))
    console.print(f"\n[bold]{title}[/bold]")
    console.print(table)
