"""``monerosim trace``: what the actors of a run logged, in time order."""

import re
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from difflib import get_close_matches
from heapq import merge
from pathlib import Path

import click
from msgspec.structs import replace

from monerosim.agent.registry import HOST_ACTORS
from monerosim.cli.exits import FAILED, InputError
from monerosim.cli.paths import FolderPath
from monerosim.cli.times import TimePoint
from monerosim.events.traces import LEVELS, TraceLine
from monerosim.plan.plan import Plan
from monerosim.report.node_lines import connection_lines, item_lines
from monerosim.runs import Run, RunError
from monerosim.units import SECOND, format_clock

_ITEMS = ("txid", "block")
"""Under these names traces have the hashes of transactions and blocks."""

_ORDER = "order"
"""Under this name they have what a marketplace calls an order."""

_BEGINNING = re.compile("[0-9a-f]{4,63}")
"""Of a hash, as people copy it."""

_STEP = "  - "

_WORTH_TELLING = LEVELS.index("WARNING")
"""From this level on lines of the bootstrap are not left out."""

_COLOURS = {"TRACE": "bright_black", "DEBUG": "bright_black", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


class _Choice:
    """Says which lines are shown, and counts those of the bootstrap that are left out for their time alone.

    Args:
        level: The least important level.
        since: The earliest time, microseconds; None for any.
        until: The latest one.
        participants: Whose lines; anybody's, if empty.
        actors: Those of which actors; any, if empty.
        begins: The time before which only warnings and worse are shown; None for none.
    """

    def __init__(
        self,
        level: int,
        since: int | None,
        until: int | None,
        participants: Collection[str],
        actors: Collection[str],
        begins: int | None,
    ) -> None:
        self._level = level
        self._since = since
        self._until = until
        self._participants = participants
        self._actors = actors
        self._begins = begins
        self.left_out = 0
        self.earliest = 0
        """The time of the first line that was left out."""

    def __call__(self, line: TraceLine) -> bool:
        """Return whether a line is shown."""
        level = LEVELS.index(line.level)
        if not (
            level >= self._level
            and (self._since is None or line.t >= self._since)
            and (self._until is None or line.t <= self._until)
            and (not self._participants or line.participant in self._participants)
            and (not self._actors or line.actor in self._actors)
        ):
            return False
        if self._begins is None or line.t >= self._begins or level >= _WORTH_TELLING:
            return True
        self.left_out += 1
        self.earliest = min(self.earliest, line.t)
        return False


@click.command("trace")
@click.argument("run", type=FolderPath())
@click.option("--participant", "-p", multiple=True, help="Only this participant or group; may be given again.")
@click.option("--actor", "-a", multiple=True, help="Only actors of this name (wallet, regular-user, ...).")
@click.option("--level", "-l", type=click.Choice(LEVELS, case_sensitive=False), default="TRACE", help="At least this.")
@click.option(
    "--since",
    type=TimePoint(),
    help='From this time on, as "90s" or "1h"; negative in the bootstrap, which is left out unless asked for.',
)
@click.option("--until", type=TimePoint(), help="Up to this time.")
@click.option(
    "--follow",
    metavar="ID",
    help="Only what began with this message, or concerns this order, transaction or block and its way; "
    "of a hash the beginning is enough.",
)
@click.option("--connections", is_flag=True, help="Also when nodes were connected to those they dialled.")
@click.option("--tree", is_flag=True, help="Put what a message or a timer led to below it.")
@click.option("--json", "as_json", is_flag=True, help="Print the lines as they are stored.")
def trace(
    run: Path,
    participant: tuple[str, ...],
    actor: tuple[str, ...],
    level: str,
    since: int | None,
    until: int | None,
    follow: str | None,
    connections: bool,
    tree: bool,
    as_json: bool,
) -> None:
    """Show the logs of the actors of RUN in time order.

    Times are the scenario's: h:mm:ss.mmm since the end of the bootstrap. Each line names participant and actor, and
    ends with the message it belongs to, which --follow takes.
    """
    try:
        played = Run(run)
        participant = _members(participant, played.plan)
        planned = _planned_actors(played.plan)
        _check_names("actor", actor, planned | _logged(played, tuple(set(actor) - planned)))
    except RunError as error:
        raise click.ClickException(str(error)) from error
    # What is followed may have begun in the bootstrap; else that is hundreds of lines of programs that start.
    begins = 0 if since is None and until is None and follow is None else None
    fits = _Choice(LEVELS.index(level.upper()), since, until, participant, actor, begins)
    try:
        if follow is None:
            chosen = filter(fits, played.traces(participants=participant, actors=actor))
        else:
            # What is followed goes through others too, whose lines are needed to see that.
            lines = list(played.traces())
            follow = _whole(follow, lines)
            chosen = filter(fits, _follow(lines, follow))
        of_nodes = filter(fits, _node_lines(played, follow, connections=connections))
        shown = merge(chosen, of_nodes, key=TraceLine.sort_key)
        count = _print(_tree(shown) if tree else shown, as_json=as_json)
        silent = bool(actor) and not count and not _logged(played, actor)
    except RunError as error:
        raise click.ClickException(str(error)) from error
    if fits.left_out:
        told = f"{fits.left_out} lines of the bootstrap left out; --since {fits.earliest // SECOND}s shows them"
        click.echo(told, err=True)
    if not count:
        click.echo(f"{', '.join(actor)} logged nothing at this level" if silent else "no matching lines", err=True)
        sys.exit(FAILED)


def _print(lines: Iterable[TraceLine], *, as_json: bool) -> int:
    """Print lines, through the pager on a terminal, and return how many there were."""
    count = 0

    def written() -> Iterator[str]:
        nonlocal count
        for count, line in enumerate(lines, 1):  # noqa: B007  (it is given back)
            yield f"{line.json() if as_json else _format(line)}\n"

    if sys.stdout.isatty():
        click.echo_via_pager(written())
    else:
        for text in written():
            click.echo(text, nl=False)
    return count


def _tree(lines: Iterable[TraceLine]) -> Iterator[TraceLine]:
    """Put lines of one cause together, those of its messages in the order in which they began, each one step further.

    Lines name the message that was handled and the one that all began with; a line's text is indented by how far its
    message is from that.
    """
    found: dict[str, dict[str, list[TraceLine]]] = {}
    for line in lines:
        found.setdefault(line.cause, {}).setdefault(line.message, []).append(line)
    for cause, messages in found.items():
        for message, own in messages.items():
            depth = 0 if message == cause else 1
            yield from (replace(line, text=f"{_STEP * depth}{line.text}") for line in own)


def _whole(identifier: str, lines: Iterable[TraceLine]) -> str:
    """Complete the hash of which somebody gave the beginning; what is none is given back as it is.

    Raises:
        RunError: Several begin so.
    """
    if not _BEGINNING.fullmatch(identifier):
        return identifier
    hashes = (line.data[key] for line in lines for key in _ITEMS if key in line.data)
    found = sorted({item for item in hashes if isinstance(item, str) and item.startswith(identifier)})
    if len(found) > 1:
        raise RunError(f"{len(found)} transactions and blocks begin with {identifier}: {', '.join(found[:5])}")
    return found[0] if found else identifier


def _node_lines(played: Run, follow: str | None, *, connections: bool) -> list[TraceLine]:
    """Find what the events tell of nodes, in time order; nothing but a word while real programs are still at it."""
    if follow is None and not connections:
        return []
    # A run that is being played is not read back, and may have events nonetheless.
    with suppress(RunError):
        played.read_back()
    try:
        lines = list(item_lines(played.events(), played.plan, follow)) if follow is not None else []
        lines += connection_lines(played.events()) if connections else []
    except RunError:
        click.echo(f"{played.directory} has no events (yet): what its nodes saw is left out", err=True)
        return []
    except ValueError as error:
        raise RunError(str(error)) from error
    return sorted(lines, key=TraceLine.sort_key)


def _follow(lines: list[TraceLine], identifier: str) -> Iterator[TraceLine]:
    """Choose the lines that concern an identifier, and all that share a cause with those.

    One look at a wallet finds several payments: a line that names another transaction or block than the one that is
    followed belongs to that one, or another order.
    """
    found = [line for line in lines if line.concerns(identifier)]
    causes = {line.cause for line in found}
    followed = {key for line in found for key in (*_ITEMS, _ORDER) if line.data.get(key) == identifier}
    others = {_ORDER} if followed == {_ORDER} else set(_ITEMS) if followed else set()
    return (
        line for line in lines if line.concerns(identifier) or (line.cause in causes and others.isdisjoint(line.data))
    )


def _members(wanted: tuple[str, ...], plan: Plan) -> tuple[str, ...]:
    """Name the participants that are wanted; a group's name stands for all of it."""
    known = {host.name: [host.name] for host in plan.hosts}
    groups: dict[str, list[str]] = {}
    for host in plan.hosts:
        groups.setdefault(host.group, []).append(host.name)
    known |= groups
    _check_names("participant", wanted, known)
    return tuple(name for each in wanted for name in known[each])


def _planned_actors(plan: Plan) -> set[str]:
    """Name the actors of a run, those that have logged nothing included."""
    return {*HOST_ACTORS, *(actor.name for host in plan.hosts for actor in host.actors)}


def _logged(played: Run, actors: tuple[str, ...]) -> set[str]:
    """Return those of some actors that have logged anything."""
    return {line.actor for line in played.traces(actors=actors)} if actors else set()


def _check_names(what: str, wanted: tuple[str, ...], names: Collection[str]) -> None:
    for name in wanted:
        if name not in names:
            near = get_close_matches(name, names, 1)
            raise InputError(f"no such {what}: {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))


def _format(line: TraceLine) -> str:
    data = "".join(f" {key}={value}" for key, value in line.data.items())
    text = f"{format_clock(line.t):>14} {line.level:<8} {line.participant}/{line.actor}: {line.text}" + click.style(
        f"{data}  [{line.message}" + (f" < {line.cause}]" if line.cause != line.message else "]"), dim=True
    )
    if line.error:
        text += "\n" + line.error.rstrip()
    return click.style(text, fg=_COLOURS.get(line.level))
