"""What is wrong with a scenario, and how it is told."""

import json
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

Path: TypeAlias = tuple[str | int, ...]
"""Where a value stands in a document: keys of tables and indices of arrays, from the outside in."""

Severity: TypeAlias = Literal["error", "warning"]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong, as it is shown to a person."""

    place: str
    """The key path (``participants.user.actors[0].max_amount``), or the command-line option that set the value."""
    line: int | None = None
    """The line in the file, from 1; None where the value does not come from a file."""
    message: str
    """What was expected and what is there."""
    hint: str = ""
    """What to do: the nearest valid name, as a rule."""
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"line {self.line}, {self.place}" if self.line is not None and self.place else self.place
        if self.line is not None and not self.place:
            where = f"line {self.line}"
        hint = f" ({self.hint})" if self.hint else ""
        return (f"{where}: " if where else "") + f"{self.message}{hint}"


class RawProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem while it is still known by its path."""

    path: Path
    message: str
    hint: str = ""
    severity: Severity = "error"
    unreadable: tuple[Path, ...] = ()
    """Values that are not known by it, because they could not be read; a default stands in for each."""
    depends_on: tuple[Path, ...] = ()
    """Values it rests on: it is not told where one of them is lost."""


def first_causes(findings: Iterable[RawProblem]) -> list[RawProblem]:
    """Leave out what may only follow from something else among the findings, and values that are told twice."""
    listed = list(findings)
    losers: dict[Path, set[int]] = {}
    """Which findings tell that a value, or a part of it, is lost."""
    wholly: dict[Path, set[int]] = {}
    for number, finding in enumerate(listed):
        for path in finding.unreadable:
            wholly.setdefault(path, set()).add(number)
            for length in range(1, len(path) + 1):
                losers.setdefault(path[:length], set()).add(number)

    def follows(number: int, path: Path) -> bool:
        around = (wholly.get(path[:length], set()) for length in range(1, len(path)))
        return any(others - {number} for others in (losers.get(path, set()), *around))

    told: set[Path] = set()
    kept = []
    for number, finding in enumerate(listed):
        again = finding.path in finding.unreadable and finding.path in told
        if not again and not any(follows(number, path) for path in finding.depends_on):
            kept.append(finding)
        if finding.path in finding.unreadable:
            told.add(finding.path)
    return kept


class ScenarioError(ValueError):
    """A scenario cannot be used.

    Attributes:
        problems: Everything that is wrong with it, in the order of the file; warnings included.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        errors = [str(problem) for problem in self.problems if problem.severity == "error"]
        super().__init__("\n".join(errors))


def format_path(path: Path) -> str:
    """Write a path the way TOML writes keys: ``participants.user.actors[0].use``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = part.isascii() and part.replace("-", "").replace("_", "").isalnum()
            key = part if bare else json.dumps(part[:60], ensure_ascii=False)
            text += f".{key}" if text else key
    return text
