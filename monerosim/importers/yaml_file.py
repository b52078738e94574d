"""Reading YAML of others: plain data alone, of bounded size, with the line of each value.

PyYAML parses; what a scalar means is decided here, by YAML 1.2's core schema, as the tools read it whose files these
are (they are written in Rust): ``yes`` is a text and ``010`` is ten. No tag makes an object.
"""

import math
import re
from typing import TypeAlias

import yaml

from monerosim.scenario.document import MAX_BYTES as MAX_SCENARIO
from monerosim.scenario.problems import Path, Problem, ScenarioError, format_path

Plain: TypeAlias = bool | int | float | str | list["Plain"] | dict[str, "Plain"] | None

MAX_BYTES = 2 * MAX_SCENARIO
"""The largest file that is read: Shadow's files name each process, so they are larger than scenarios."""

MAX_VALUES = 200_000
"""The most values and keys, each alias counted with all that it stands for."""

MAX_NESTING = 32

_INTEGER = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]{1,4})?")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", "+.inf", ".Inf", ".INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAGS = {
    f"{_STANDARD}{name}"
    for name in ("null", "bool", "int", "float", "str", "timestamp", "merge", "value", "seq", "map")
}
_TOML = re.compile(r"\s*(#[^\n]*\s*)*(\[+[\w.-]+\]+\s*\n|[\w.-]+\s*=)")
"""How files of TOML begin."""


class YamlFile:
    """The values of a YAML file, and their lines."""

    def __init__(self, data: dict[str, Plain], lines: dict[Path, int]) -> None:
        self.data = data
        self.lines = lines


def read_yaml(raw: bytes) -> YamlFile:
    """Read a YAML document whose outermost value is a mapping.

    Raises:
        ScenarioError: It is no YAML, no mapping, too large, nested too deeply, has a key twice or a tag.
    """
    if len(raw) > MAX_BYTES:
        raise _problem(f"the file is larger than {MAX_BYTES // 2**20} MiB")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _problem("not a text in UTF-8", raw.count(b"\n", 0, error.start) + 1) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        told = f"not valid YAML: {error.problem or error.context}"
        raise _toml(text) or _problem(told[:200], mark.line + 1 if mark else None) from error
    except yaml.YAMLError as error:
        raise _problem(f"not valid YAML: {str(error).splitlines()[0][:200]}") from error
    except RecursionError as error:
        raise _problem("mappings and sequences are nested too deeply") from error
    if root is None:
        raise _problem("the file is empty")
    reader = _Reader()
    data = reader.read(root, (), 0)
    if not isinstance(data, dict):
        raise _toml(text) or _problem("expected keys with values, such as `general:`", 1)
    if not data:
        raise _problem("the file has no keys")
    return YamlFile(data, reader.lines)


def _toml(text: str) -> ScenarioError | None:
    """Return what to say of a file of TOML; None if it is something else."""
    if not _TOML.match(text):
        return None
    message = "this is TOML, as monerosim's own scenarios are, and files of other tools are YAML"
    return ScenarioError([Problem(place="", line=1, message=message, hint="`monerosim run` plays a scenario as it is")])


def _problem(message: str, line: int | None = None, path: Path = ()) -> ScenarioError:
    return ScenarioError([Problem(place=format_path(path), line=line, message=message)])


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self._values = 0

    def read(self, node: yaml.Node, path: Path, depth: int) -> Plain:
        line = node.start_mark.line + 1
        self.lines[path] = line
        self._values += 1
        if self._values > MAX_VALUES:
            raise _problem(f"the file has more than {MAX_VALUES} values", line)
        if depth > MAX_NESTING:
            raise _problem(f"mappings and sequences are nested more than {MAX_NESTING} deep", line, path[:3])
        if node.tag not in _PLAIN_TAGS:
            raise _problem(f"the tag {node.tag.removeprefix(_STANDARD)[:60]} is not read", line, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]
        text: str = node.value
        return _scalar(text) if isinstance(node, yaml.ScalarNode) and node.style is None else text

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Plain]:
        data: dict[str, Plain] = {}
        merged: list[yaml.Node] = []
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise _problem("a key has to be a text", line, path)
            if key.tag == f"{_STANDARD}merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
                continue
            if key.value in data:
                raise _problem("the key is there twice", line, (*path, key.value))
            data[key.value] = self.read(value, (*path, key.value), depth + 1)
            self.lines[(*path, key.value)] = line
        for other in merged:
            # What stands beside a merge key goes before what it brings, and an earlier mapping before a later one.
            if not isinstance(other, yaml.MappingNode):
                raise _problem("`<<` takes mappings", node.start_mark.line + 1, path)
            inherited = self.read(other, path, depth + 1)
            if isinstance(inherited, dict):
                data = {**inherited, **data}
        return data


def _scalar(text: str) -> bool | int | float | str | None:
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if len(text) <= 400 and _FLOAT.fullmatch(text):  # noqa: PLR2004  (as long as a float can be written out)
        return float(text)
    return text
