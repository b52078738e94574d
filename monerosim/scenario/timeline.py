"""The scenario's timeline: whom each entry tells what to do, and what is wrong with it."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec import NODEFAULT

from monerosim.config import Config, change_config, dump_config
from monerosim.runtime.commands import EVERYBODYS, SET, settable, understands
from monerosim.scenario.compose import Composition, Part, actor_names, group_of, member_names
from monerosim.scenario.convert import Reader, nearest, quote
from monerosim.scenario.mentions import who_is_missing
from monerosim.scenario.model import Scenario, TimelineEntry
from monerosim.scenario.problems import Finding, Path
from monerosim.units import format_duration


def members_of(scenario: Scenario, who: str) -> list[str]:
    """List the hosts that a participant's, a group's or a member's name means; none if nobody is called so."""
    if who in scenario.participants:
        return member_names(who, scenario.participants[who].count)
    return [] if group_of(scenario, who) is None else [who]


def timeline_problems(scenario: Scenario, composed: Mapping[str, Composition]) -> list[Finding]:
    """Check that each entry names somebody, something that one of its behaviours can do, and what it takes."""
    # Where an entry could not be read, the others are not where they seem to be.
    return [
        msgspec.structs.replace(finding, about=(("timeline",), *finding.about))
        for finding in _Checker(scenario, composed).findings()
    ]


class _Checker:
    def __init__(self, scenario: Scenario, composed: Mapping[str, Composition]) -> None:
        self._scenario = scenario
        self._composed = composed
        self._configs: dict[tuple[str, Path], Config] = {}
        """What earlier entries have set, by name and behaviour."""

    def findings(self) -> Iterator[Finding]:
        """Go through the entries in the order of their times, since a setting may build on an earlier one."""
        for index, entry in sorted(enumerate(self._scenario.timeline), key=lambda one: one[1].at):
            path: Path = ("timeline", index)
            duration = self._scenario.simulation.duration
            if entry.at >= duration:
                message = f"comes at {format_duration(entry.at)}, but the run ends at {format_duration(duration)}"
                about: tuple[Path, ...] = (("simulation", "duration"),)
                yield Finding(path=(*path, "at"), message=message, severity="warning", about=about)
            yield from self._entry(entry, path)

    def _entry(self, entry: TimelineEntry, path: Path) -> Iterator[Finding]:
        group = entry.who if entry.who in self._composed else group_of(self._scenario, entry.who)
        if group is None:
            hint = nearest(entry.who, self._composed)
            yield Finding(path=(*path, "who"), message=f"there is no participant {quote(entry.who)}", hint=hint)
            return
        about = (("participants", group),)
        composition = self._composed[group]
        named = dict(zip(actor_names(composition.parts), composition.parts, strict=True))
        parts = [part for name, part in named.items() if entry.actor in ("", name)]
        if not parts:
            message = f'"{group}" has no actor {quote(entry.actor)}' if entry.actor else f'"{group}" has no actors'
            where: Path = (*path, "actor" if entry.actor else "who")
            yield Finding(path=where, message=message, hint=nearest(entry.actor, named), about=about)
            return
        able = [part for part in parts if understands(part.behaviour, entry.do, entry.arguments)]
        if not able:
            yield from self._unable(entry, parts, path, about)
        for part in able:
            yield from self._arguments(entry, part, path, group)

    def _unable(
        self, entry: TimelineEntry, parts: list[Part], path: Path, about: tuple[Path, ...]
    ) -> Iterator[Finding]:
        uses = " and ".join(dict.fromkeys(quote(part.use) for part in parts))
        if entry.do == SET and not entry.arguments:
            yield Finding(path=path, message="sets nothing: write the keys and their new values beside it", about=about)
        elif entry.do == SET:
            keys = {key for part in parts for key in settable(part.behaviour)}
            fixed = {key for part in parts for key in part.behaviour.fixed}
            unknown = [key for key in entry.arguments if key not in keys]
            for key in unknown:
                refusal = (
                    f"cannot change {quote(key)} once it has begun" if key in fixed else f"has no key {quote(key)}"
                )
                message = f"the actor {uses} {refusal}"
                yield Finding(path=(*path, key), message=message, hint=nearest(key, keys), about=about)
            if not unknown:
                message = f"no single actor has all of {', '.join(entry.arguments)}: make it several entries"
                yield Finding(path=path, message=message, about=about)
        else:
            known = {*EVERYBODYS, *(name for part in parts for name in part.behaviour.commands)}
            message = f"the actor {uses} does not understand {quote(entry.do)}"
            yield Finding(path=(*path, "do"), message=message, hint=nearest(entry.do, known), about=about)

    def _arguments(self, entry: TimelineEntry, part: Part, path: Path, group: str) -> Iterator[Finding]:
        reader = Reader(path)
        found: object = None
        if entry.do == SET:
            usual = self._configs.get((group, part.path), part.config)
            before = self._configs.get((entry.who, part.path), usual)
            changed = change_config(dump_config(before), entry.arguments, part.behaviour.Config)
            found = reader.read(changed, part.behaviour.Config, path)
            if found is not NODEFAULT and isinstance(found, Config):
                self._configs[entry.who, part.path] = found
        elif entry.do in EVERYBODYS:
            for key in entry.arguments:
                message = f"unknown key {quote(key)}"
                yield Finding(path=(*path, key), message=message, hint=nearest(key, TimelineEntry.__struct_fields__))
        else:
            found = reader.read(entry.arguments, part.behaviour.commands[entry.do], path)
        yield from reader.findings
        if isinstance(found, msgspec.Struct):
            yield from who_is_missing(self._scenario, self._composed, found, path)
