"""Participants and kinds of events that behaviours' settings name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, get_args, get_origin

import msgspec

from monerosim.config import EVENT, PARTICIPANT, fields_of
from monerosim.events import event_kinds
from monerosim.scenario.compose import Composition, group_of
from monerosim.scenario.convert import nearest, quote
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Scenario


def mention_problems(scenario: Scenario, composed: Mapping[str, Composition]) -> list[RawProblem]:
    """Check that whomever an actor's settings name takes part, and that there are the events that they name."""
    return [
        finding
        for composition in composed.values()
        for part in composition.parts
        for finding in who_is_missing(scenario, composed, part.config, part.path)
    ]


def who_is_missing(
    scenario: Scenario, composed: Mapping[str, Composition], settings: msgspec.Struct, place: Path
) -> list[RawProblem]:
    """Check whom, and which events, one table of settings names."""
    findings = []
    for path, name, alone in mentioned(settings, place, PARTICIPANT):
        if name in composed:
            count = scenario.participants[name].count
            if alone and count != 1:
                message = f"expected one participant, {quote(name)} has {count} members"
                findings.append(RawProblem(path=path, message=message, depends_on=(("participants", name, "count"),)))
            elif not count:
                message = f"{quote(name)} has no members"
                depends_on = (("participants", name, "count"),)
                findings.append(RawProblem(path=path, message=message, severity="warning", depends_on=depends_on))
        elif group_of(scenario, name) is None:
            findings.append(nobody(path, name, composed))
    kinds = event_kinds()
    for path, tag, _ in mentioned(settings, place, EVENT):
        if tag not in kinds:
            message = f"no event is called {quote(tag)}"
            findings.append(RawProblem(path=path, message=message, hint=nearest(tag, kinds)))
    return findings


def nobody(path: Path, name: str, valid: Iterable[str]) -> RawProblem:
    """Report a name that nobody has; it may be a member's of a group whose count is not known."""
    message, hint = f"no such participant: {quote(name)}", nearest(name, valid)
    depends_on = (path, ("participants", name.rpartition("-")[0], "count"))
    return RawProblem(path=path, message=message, hint=hint, depends_on=depends_on)


def mentioned(config: msgspec.Struct, path: Path, what: Mapping[str, bool]) -> Iterator[tuple[Path, str, bool]]:
    """List the names, where they stand, and whether each stands alone."""
    for field in fields_of(type(config)):
        if _names(field.type, what):
            value = getattr(config, field.name)
            here: Path = (*path, field.encode_name)
            if isinstance(value, str):
                yield here, value, True
            elif value is not None:
                yield from (((*here, index), name, False) for index, name in enumerate(value))


def _names(kind: object, what: Mapping[str, bool]) -> bool:
    notes = get_args(kind)[1:] if get_origin(kind) is Annotated else ()
    return any(isinstance(note, msgspec.Meta) and note.extra == what for note in notes)
