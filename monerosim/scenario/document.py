"""Reading a scenario's TOML, and changing it before it is checked (``--seed``, ``--set``)."""

import re
from collections.abc import Sequence
from typing import NoReturn

import msgspec
import tomli

from monerosim.scenario.convert import show
from monerosim.scenario.positions import find_lines, line_of
from monerosim.scenario.problems import Finding, Path, Problem, ScenarioError, format_path

MAX_BYTES = 2**20
"""The largest scenario file that is read. Ten thousand participants written one by one take less."""

MAX_NESTING = 32
"""How deep arrays and tables may stand in one another; a scenario needs eight."""

INT64 = range(-(2**63), 2**63)
"""TOML promises 64 bits for integers."""

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

    def locate(self, finding: Finding) -> Problem:
        """Tell a finding with its place."""
        origin = next((path for path in self.origins if finding.path[: len(path)] == path), None)
        if origin is None:
            place, line, message = format_path(finding.path), line_of(self.lines, finding.path), finding.message
        else:
            inner = format_path(finding.path[len(origin) :])
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
        ScenarioError: It is no TOML, or too large, or a change cannot be made.
    """
    text = _decode(raw)
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        _fail(_message(error), line=_line(error))
    except RecursionError:
        _fail("arrays and tables are nested too deeply")
    except ValueError as error:
        _fail(f"a number is too large: {error}" if "digits" in str(error) else str(error))
    origins: dict[Path, str] = {}
    changed = [(f"--set {change}", *_parse_change(change)) for change in changes]
    if seed is not None:
        changed.append((f"--seed {seed}", ("simulation", "seed"), seed))
    _check_nesting(data)
    lines = find_lines(text)
    for option, path, value in changed:
        _put(data, path, value, option)
        origins[path] = option if len(option) <= 100 else option[:97] + "..."  # noqa: PLR2004
    document = Document(data=data, lines=lines, origins=origins)
    _check_nesting(data)
    findings = _check_integers(data)
    if findings:
        raise ScenarioError([document.locate(finding) for finding in findings])
    return document


def _fail(message: str, place: str = "", line: int | None = None, hint: str = "") -> NoReturn:
    raise ScenarioError([Problem(place=place, line=line, message=message, hint=hint)])


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
    stack: list[tuple[object, int]] = [(data, 0)]
    while stack:
        value, depth = stack.pop()
        if depth > MAX_NESTING:
            _fail(f"arrays and tables are nested more than {MAX_NESTING} deep")
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        stack.extend((item, depth + 1) for item in inner)


def _check_integers(value: object, path: Path = ()) -> list[Finding]:
    if isinstance(value, int) and value not in INT64:
        return [Finding(path=path, message="an integer has at most 64 bits")]
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return []
    return [finding for key, item in items for finding in _check_integers(item, (*path, key))]


def _parse_change(change: str) -> tuple[Path, object]:
    option = f"--set {change}"[:100]
    if not _is_text(change):
        _fail("not a text in UTF-8", place=option)
    key, equals, value = _split_change(change)
    path = _parse_key(key)
    if not equals or not path:
        _fail("expected KEY.PATH=VALUE, such as participants.user.count=10", place=option)
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


def _put(data: dict[str, object], path: Path, value: object, option: str) -> None:
    """Set the value at a path, making the tables on the way."""
    place = option[:100]
    here: object = data
    for depth, part in enumerate(path):
        last = depth == len(path) - 1
        where = format_path(path[:depth])
        if isinstance(part, int):
            if not isinstance(here, list):
                _fail(f"{where} is {show(here)}, not an array", place=place)
            if part >= len(here):
                _fail(f"{where} has {len(here)} elements, the first is [0]", place=place)
            if last:
                here[part] = value
            here = here[part]
        else:
            if not isinstance(here, dict):
                hint = f"write {where}[0] for its first element" if isinstance(here, list) else ""
                _fail(f"{where} is {show(here)}, not a table", place=place, hint=hint)
            if last:
                here[part] = value
            here = here.setdefault(part, {})
