"""What participants may be called."""

import re
import unicodedata

from monerosim.plan.funding import FUNDER_HOST
from monerosim.scenario.compose import group_of, member_name
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import MAX_COUNT, Scenario

LONGEST_NAME = 63
"""Characters of a host's name (RFC 1123)."""

NAME_PATTERN = "[a-z](?:[a-z0-9-]*[a-z0-9])?"
"""Hosts' names: what DNS and Shadow allow, in small letters."""

_NAME = re.compile(NAME_PATTERN)

_SPELT = str.maketrans({"\N{LATIN SMALL LETTER O WITH STROKE}": "o", "\N{LATIN SMALL LETTER AE}": "ae"})
"""Letters that have no accent to be left out."""


def name_problems(scenario: Scenario) -> list[RawProblem]:
    """Check that each host has a valid name of its own."""
    findings: list[RawProblem] = []
    total = sum(participant.count for participant in scenario.participants.values())
    if total > MAX_COUNT:
        message = f"there are {total} participants, at most {MAX_COUNT} work"
        findings.append(RawProblem(path=("participants",), message=message))
    for name, participant in scenario.participants.items():
        path: Path = ("participants", name)
        longest = name if participant.count == 1 else member_name(name, participant.count, participant.count)
        if not _NAME.fullmatch(name):
            hint = "a name begins with a letter and has only a-z, 0-9 and -"
            findings.append(RawProblem(path=path, message="not a valid name", hint=_suggest_name(scenario, name, hint)))
        elif len(longest) > LONGEST_NAME:
            message = f"the name is too long: hosts have up to {LONGEST_NAME} characters"
            findings.append(RawProblem(path=path, message=message))
        if name == FUNDER_HOST and participant.count == 1:
            message = f'the name "{FUNDER_HOST}" is reserved for the host that pays the initial balances'
            findings.append(RawProblem(path=path, message=message, hint="choose another name"))
    # A name written as it is stands before one that comes from a group, so the collision is told at the group.
    twice: dict[str, str] = {}
    for name in sorted(scenario.participants):
        group = group_of(scenario, name) if scenario.participants[name].count == 1 else None
        if group is not None:
            twice.setdefault(group, name)
    for group, name in twice.items():
        path = ("participants", group)
        message = f'the name "{name}" is used twice: by "{name}" and by a member of "{group}"'
        depends_on = ((*path, "count"), ("participants", name, "count"))
        findings.append(RawProblem(path=path, message=message, depends_on=depends_on))
    return findings


def _suggest_name(scenario: Scenario, name: str, otherwise: str) -> str:
    """Suggest a valid name near to one that is not, and that nobody else has."""
    plain = unicodedata.normalize("NFKD", name[:LONGEST_NAME].casefold())
    letters = "".join(it for it in plain.translate(_SPELT) if not unicodedata.combining(it))
    better = re.sub(r"[^a-z0-9]+", "-", letters).lstrip("-0123456789").rstrip("-")[: LONGEST_NAME - 5].rstrip("-")
    taken = {other for other in scenario.participants if other != name}
    choices = (better, *(f"{better}-{number}" for number in range(2, 100)))
    free = (it for it in choices if it not in taken and it != FUNDER_HOST and group_of(scenario, it) is None)
    found = next(free, "") if better else ""
    return f'{otherwise}, such as "{found}"' if _NAME.fullmatch(found) else otherwise
