"""Reading a scenario's TOML, and changing it before it is checked (``--seed``, ``--set``)."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import msgspec
import tomli
from msgspec import UNSET

from monerosim.scenario.convert import show
from monerosim.scenario.positions import find_lines, line_of
from monerosim.scenario.problems import Path, Problem, RawProblem, ScenarioError, format_path
from monerosim.scenario.tables import Scenario

MAX_BYTES = 2**20
"""The largest scenario file that is read. Ten thousand participants written one by one take less."""

MAX_NESTING = 32
"""How deep arrays and tables may stand in one another; a scenario needs eight."""

_YAML = re.compile(r"""\A(?:\s*(?:\#.*)?\n)*(?:---|[\w"'-]+:(?:[ \t]|$))""", re.MULTILINE)
"""The beginning of a YAML document: a marker, or a key with a colon."""

INT64 = range(-(2**63), 2**63)
"""TOML promises 64 bits for integers."""

_SHOWN = 100
"""Characters of an option that are shown."""

_KEY_PART = re.compile(
    r"""\s*(?:(?P<bare>[A-Za-z0-9_-]+)|(?P<quoted>"(?:[^"\\]|\\.)*"|'[^']*'))\s*(?P<index>(?:\[\d{1,9}\])*)\s*"""
)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario as plain data, and where its values come from."""

    data: dict[str, object]
    lines: dict[Path, int] = {}
    """Path to line of the file."""
    origins: dict[Path, str] = {}
    """Path to the command-line option that set it."""
    findings: tuple[RawProblem, ...] = ()
    """What is wrong with values that no table could have; :data:`msgspec.UNSET` is in their place."""
    refused: tuple[Problem, ...] = ()
    """Options that could not be carried out."""

    def locate(self, finding: RawProblem) -> Problem:
        """Tell a finding with its place."""
        where = finding.path
        origin = next((path for path in self.origins if where[: len(path)] == path), None)
        inner = format_path(where[len(origin) :]) if origin is not None else format_path(where)
        if origin is None and where not in self.lines:
            # A table that the file does not have may be an option's.
            origin = next((path for path in self.origins if where and path[: len(where)] == where), None)
        if origin is None:
            place, line, message = inner, line_of(self.lines, where), finding.message
        else:
            place, line = self.origins[origin], None
            message = f"{inner}: {finding.message}" if inner else finding.message
        return Problem(place=place, line=line, message=message, hint=finding.hint, severity=finding.severity)


def read_document(raw: bytes, seed: int | None = None, changes: Sequence[str] = ()) -> Document:
    """Read a TOML document.

    Args:
        raw: The file's bytes.
        seed: Set as ``simulation.seed``.
        changes: ``KEY.PATH=VALUE``, where VALUE is TOML, or a text without its quotes.

    Raises:
        ScenarioError: It is no TOML, or too large.
    """
    text = _decode(raw)
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        if _YAML.search(text):
            hint = (
                "`monerosim import FILE` or `monerosim migrate` makes a scenario of it, `monerosim new FILE` a new one"
            )
            _fail("this is YAML, and a scenario is TOML", line=1, hint=hint)
        _fail(_message(error), line=_line(error))
    except RecursionError:
        _fail("arrays and tables are nested too deeply")
    except ValueError as error:
        _fail(f"a number is too large: {error}" if "digits" in str(error) else str(error))
    _check_nesting(data)
    lines = find_lines(text)
    origins: dict[Path, str] = {}
    refused: list[Problem] = []
    options = [(f"--set {change}", change) for change in changes]
    if seed is not None:
        options.append((f"--seed {seed}", f"simulation.seed={seed}"))
    for option, change in options:
        shown = _show_option(option)
        try:
            path, value = _parse_change(change)
            _refuse_participant(data, path, change)
            _put(data, path, value)
        except _RefusedError as error:
            refused.append(Problem(place=shown, message=str(error), hint=error.hint))
        else:
            origins[path] = shown
    findings = tuple(_take_integers(data))
    return Document(data=data, lines=lines, origins=origins, findings=findings, refused=tuple(refused))


def _show_option(option: str) -> str:
    cut = option if len(option) <= _SHOWN else option[: _SHOWN - 3] + "..."
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in cut)


class _RefusedError(ValueError):
    """An option cannot be carried out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def _fail(message: str, line: int | None = None, hint: str = "") -> NoReturn:
    raise ScenarioError([Problem(place="", line=line, message=message, hint=hint)])


def _decode(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        _fail(f"a scenario file is at most {MAX_BYTES // 2**20} MiB", hint="is this the right file?")
    nul = raw.find(b"\0")
    if nul >= 0:
        _fail("not a text file: it has a NUL byte", line=raw.count(b"\n", 0, nul) + 1)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _fail("not a text in UTF-8", line=raw.count(b"\n", 0, error.start) + 1)


def _line(error: tomli.TOMLDecodeError) -> int | None:
    match = re.search(r"\(at line (\d+), column \d+\)", str(error))
    if match:
        return int(match[1])
    return getattr(error, "lineno", None)


def _message(error: tomli.TOMLDecodeError) -> str:
    text = re.sub(r"\s*\(at (?:line \d+, column \d+|end of document)\)$", "", str(error))
    end = ", but the file ends" if "end of document" in str(error) else ""
    twice = re.match(r"Cannot (?:declare|mutate|overwrite).*", text)
    return f"not valid TOML: {text[:200]}{end}" + (" (a name used twice)" if twice else "")


def _check_nesting(data: dict[str, object]) -> None:
    if _is_deeper(data, MAX_NESTING):
        _fail(f"arrays and tables are nested more than {MAX_NESTING} deep")


def _is_deeper(value: object, most: int) -> bool:
    stack: list[tuple[object, int]] = [(value, 0)]
    while stack:
        here, depth = stack.pop()
        if depth > most:
            return True
        inner = here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
        stack.extend((item, depth + 1) for item in inner)
    return False


def _take_integers(value: object, path: Path = ()) -> Iterator[RawProblem]:
    """Take away integers that are too large."""
    items: list[tuple[Any, object]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    for key, item in items:
        here = (*path, key)
        if isinstance(item, int) and item not in INT64 and isinstance(value, dict | list):
            value[key] = UNSET
            yield RawProblem(path=here, message="an integer has at most 64 bits", unreadable=(here,))
        yield from _take_integers(item, here)


def _parse_change(change: str) -> tuple[Path, object]:
    if not _is_text(change):
        raise _RefusedError("not a text in UTF-8")
    key, equals, value = _split_change(change)
    path = _parse_key(key)
    if not equals or not path:
        raise _RefusedError("expected KEY.PATH=VALUE, such as participants.user.count=10")
    try:
        data = tomli.loads(f"value = {value}")
    except (ValueError, RecursionError):
        return path, value
    return path, data["value"] if len(data) == 1 else value


def _is_text(change: str) -> bool:
    """Tell whether an argument was UTF-8: what was not has surrogates in Python."""
    try:
        change.encode()
    except UnicodeEncodeError:
        return False
    return True


def _split_change(change: str) -> tuple[str, str, str]:
    """Split at the first ``=`` outside quotes."""
    match = re.match(r"""((?:[^"'=]|"(?:[^"\\]|\\.)*"|'[^']*')*)=""", change)
    return (match[1], "=", change[match.end() :].strip()) if match else (change, "", "")


def _parse_key(key: str) -> Path:
    """Read ``a."b".c[0]``; an empty path if it is no key."""
    path: list[str | int] = []
    position = 0
    while match := _KEY_PART.match(key, position):
        if match["quoted"]:
            try:
                path.append(tomli.loads(f"value = {match['quoted']}")["value"])
            except ValueError:
                return ()
        else:
            path.append(match["bare"])
        path.extend(int(index) for index in re.findall(r"\d+", match["index"]))
        position = match.end()
        if position == len(key):
            return tuple(path)
        if key[position] != ".":
            return ()
        position += 1
    return ()


def _refuse_participant(data: dict[str, object], path: Path, change: str) -> None:
    """Refuse a path that begins with a participant's name, which is the key of no table."""
    participants = data.get("participants")
    if path[0] not in Scenario.__struct_encode_fields__ and isinstance(participants, dict) and path[0] in participants:
        raise _RefusedError(f'"{path[0]}" is a participant', hint=f'did you mean "participants.{change}"?')


def _put(data: dict[str, object], path: Path, value: object) -> None:
    """Set the value at a path, making the tables on the way; where that cannot be, nothing is changed."""
    if len(path) > MAX_NESTING or _is_deeper(value, MAX_NESTING - len(path)):
        raise _RefusedError(f"arrays and tables are nested more than {MAX_NESTING} deep")
    here: object = data
    for depth, part in enumerate(path):
        where = format_path(path[:depth])
        if isinstance(part, int):
            if not isinstance(here, list):
                raise _RefusedError(f"{where} is {show(here)}, not an array")
            if part >= len(here):
                raise _RefusedError(f"{where} has {len(here)} elements, the first is [0]")
            here = here[part]
        else:
            if not isinstance(here, dict):
                hint = f"write {where}[0] for its first element" if isinstance(here, list) else ""
                raise _RefusedError(f"{where} is {show(here)}, not a table", hint)
            here = here.get(part, {})
    table: Any = data
    for part in path[:-1]:
        table = table[part] if isinstance(part, int) else table.setdefault(part, {})
    table[path[-1]] = value
