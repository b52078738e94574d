"""Where the values of a TOML document stand: key path to line.

tomli gives values without their places. The scanner here runs only over documents that tomli has accepted, so it
need not judge what it reads: it follows the structure (headers, dotted keys, arrays, inline tables, the four kinds of
strings, comments) and steps over everything else.
"""

from collections.abc import Mapping

import msgspec

from monerosim.scenario.problems import Path

_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_SPACE = " \t"
_BLANK = " \t\r\n"
_VALUE_END = frozenset(" \t\r\n,]}#")


def find_lines(text: str) -> dict[Path, int]:
    """Find the line of every key and array element of a document.

    Args:
        text: A valid TOML document.

    Returns:
        Lines from 1. A table has the line of its header or of the first key that makes it, an array of tables that of
        its first header, an element of it that of its own.
    """
    return _Scanner(text).scan()


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """Look up a path, or else the innermost thing around it that has a line."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        # tomli reads "\r\n" as "\n" as well.
        self.text = text.replace("\r\n", "\n") + "\n"
        self.at = 0
        self.line = 1
        self.lines: dict[Path, int] = {}
        self.elements: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        """Go through the document's statements."""
        table: Path = ()
        self.skip_blank()
        while self.at < len(self.text):
            if self.peek() == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip_blank()
        return self.lines

    def peek(self) -> str:
        return self.text[self.at] if self.at < len(self.text) else ""

    def advance(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def skip(self, characters: str) -> None:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] in characters:
            self.at += 1
        self.line += self.text.count("\n", start, self.at)

    def skip_blank(self) -> None:
        """Step over white space, line ends and comments."""
        self.skip(_BLANK)
        while self.peek() == "#":
            self.at = self.text.index("\n", self.at)
            self.skip(_BLANK)

    def mark(self, base: Path, keys: Path, line: int) -> Path:
        """Note the line of each part of a dotted key where it is new, and return the whole path."""
        for length in range(1, len(keys) + 1):
            self.lines.setdefault(base + keys[:length], line)
        return base + keys

    def header(self) -> Path:
        """Read ``[a.b]`` or ``[[a.b]]``."""
        line = self.line
        array = self.text.startswith("[[", self.at)
        self.advance(2 if array else 1)
        keys = self.keys()
        self.advance(2 if array else 1)
        # A part that is an array of tables means its newest element.
        path: Path = ()
        for key in keys[:-1]:
            path = (*path, key)
            self.lines.setdefault(path, line)
            if path in self.elements:
                path = (*path, self.elements[path])
        path = (*path, keys[-1])
        if array:
            self.lines.setdefault(path, line)
            self.elements[path] = self.elements.get(path, -1) + 1
            path = (*path, self.elements[path])
        # A header says more of a table than the header of a table inside it that came first.
        self.lines[path] = line
        return path

    def keys(self) -> Path:
        """Read a dotted key."""
        parts: list[str] = []
        while True:
            self.skip(_SPACE)
            parts.append(self.key())
            self.skip(_SPACE)
            if self.peek() != ".":
                return tuple(parts)
            self.advance(1)

    def key(self) -> str:
        if self.peek() in ('"', "'"):
            return self.quoted()
        start = self.at
        while self.peek() in _BARE and self.at < len(self.text):
            self.at += 1
        return self.text[start : self.at]

    def pair(self, table: Path) -> None:
        """Read ``key = value``."""
        line = self.line
        path = self.mark(table, self.keys(), line)
        self.advance(1)
        self.skip(_SPACE)
        self.value(path)

    def value(self, path: Path) -> None:
        """Step over a value, noting what is in it."""
        match self.peek():
            case "[":
                self.array(path)
            case "{":
                self.inline_table(path)
            case '"' | "'":
                self.text_value()
            case _:
                # A date and a time may have a space between them; the rest is then taken for white space and a word.
                while self.peek() not in _VALUE_END:
                    self.at += 1
                rest = self.text[self.at : self.at + 3]
                if rest[:1] == " " and rest[1:].isdigit():
                    self.at += 1
                    self.value(path)

    def array(self, path: Path) -> None:
        self.advance(1)
        self.skip_blank()
        index = 0
        while self.peek() != "]":
            self.lines[(*path, index)] = self.line
            self.value((*path, index))
            index += 1
            self.separator()
        self.advance(1)

    def inline_table(self, path: Path) -> None:
        self.advance(1)
        self.skip_blank()
        while self.peek() != "}":
            self.pair(path)
            self.separator()
        self.advance(1)

    def separator(self) -> None:
        self.skip_blank()
        if self.peek() == ",":
            self.advance(1)
            self.skip_blank()

    def text_value(self) -> None:
        mark = self.peek() * 3
        if not self.text.startswith(mark, self.at):
            self.quoted()
            return
        self.advance(3)
        while not self.text.startswith(mark, self.at):
            self.advance(2 if mark[0] == '"' and self.peek() == "\\" else 1)
        self.advance(3)
        # Up to two quotes may stand right before the closing ones.
        while self.peek() == mark[0]:
            self.at += 1

    def quoted(self) -> str:
        """Read a one-line string and return what it says."""
        mark = self.peek()
        start = self.at
        self.at += 1
        while self.peek() != mark:
            self.at += 2 if mark == '"' and self.peek() == "\\" else 1
        self.at += 1
        if mark == "'":
            return self.text[start + 1 : self.at - 1]
        return _unescape(self.text[start : self.at])


def _unescape(quoted: str) -> str:
    """Read a basic string; TOML has a few escapes more than JSON, and allows a tab as it is."""
    try:
        text: str = msgspec.json.decode(quoted, type=str)
    except msgspec.DecodeError:
        import tomli  # noqa: PLC0415  (rare: only for escapes JSON does not have)

        text = tomli.loads(f"a = {quoted}")["a"]
    return text
