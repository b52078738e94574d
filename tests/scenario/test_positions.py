"""The lines of keys, checked against documents whose lines are known because the test wrote them."""

import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.scenario.positions import find_lines, line_of

DOCUMENT = '''\
# a comment
title = "a # in a text"   # 2

[plain]
a.b."c d" = 1
list = [ # 6
  1, [2,
  3],
  { x = 1, y = "]" },
]
text = """
] = [ "" x = 1
\\""" still"""""
raw = \'\'\'
\\\'\'\'\'\'
after = 1979-05-27 07:32:00

[[item]]
name = 'one'
[item.deep]
k = true
[[item]]
[[item.sub]]
z = {}
[late.child]
q = 1
[late]
w = 2
'''


def test_every_kind_of_value_is_stepped_over() -> None:
    tomli.loads(DOCUMENT)
    lines = find_lines(DOCUMENT)
    expected = {
        ("title",): 2,
        ("plain",): 4,
        ("plain", "a", "b", "c d"): 5,
        ("plain", "list"): 6,
        ("plain", "list", 0): 7,
        ("plain", "list", 1, 0): 7,
        ("plain", "list", 1, 1): 8,
        ("plain", "list", 2, "y"): 9,
        ("plain", "text"): 11,
        ("plain", "raw"): 14,
        ("plain", "after"): 16,
        ("item",): 18,
        ("item", 0, "name"): 19,
        ("item", 0, "deep", "k"): 21,
        ("item", 1): 22,
        ("item", 1, "sub", 0, "z"): 24,
        ("late", "child", "q"): 26,
        ("late",): 27,
        ("late", "w"): 28,
    }
    assert {path: lines.get(path) for path in expected} == expected


def test_a_path_that_is_not_there_has_the_line_of_what_is_around_it() -> None:
    lines = find_lines("[a]\nb = 1\n")
    assert line_of(lines, ("a", "missing", 3)) == 1
    assert line_of(lines, ("nowhere",)) is None


keys = st.text(st.sampled_from("ab-_1 .\"'\\é\t="), min_size=1, max_size=4)
texts = st.text(st.sampled_from("ab]}{[,#='\"\\\n\té "), max_size=8)
scalars = st.one_of(st.integers(-9, 9), st.booleans(), texts, st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)


def _key(key: str) -> str:
    if key.isascii() and key.replace("-", "").replace("_", "").isalnum():
        return key
    if "'" not in key and "\t" not in key:
        return f"'{key}'"
    return _basic(key)


def _basic(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"}
    return '"' + "".join(escapes.get(character, character) for character in text) + '"'


class _Writer:
    """Writes TOML in random ways and notes the line on which each path begins."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.text = ""
        self.expected: dict[tuple[str | int, ...], int] = {}

    def line(self) -> int:
        return self.text.count("\n") + 1

    def gap(self) -> None:
        self.text += self.draw(st.sampled_from(["", " ", "\n", " # [x] = \"'{\n", "\r\n\t"]))

    def value(self, value: object, path: tuple[str | int, ...]) -> None:
        if isinstance(value, list):
            self.text += "["
            for index, item in enumerate(value):
                self.gap()
                self.expected[*path, index] = self.line()
                self.value(item, (*path, index))
                self.gap()
                self.text += ","
            self.gap()
            self.text += "]"
        elif isinstance(value, dict):
            self.text += "{"
            for index, (key, item) in enumerate(value.items()):
                self.text += ", " if index else " "
                self.expected[*path, key] = self.line()
                self.text += f"{_key(key)} = "
                self.value(item, (*path, key))
            self.text += "}"
        elif isinstance(value, str):
            self.string(value)
        else:
            self.text += str(value).lower() if isinstance(value, bool) else repr(value)

    def string(self, text: str) -> None:
        form = self.draw(st.sampled_from(["basic", "long", "raw"]))
        if form == "raw" and "'" not in text:
            self.text += f"'''\n{text}'''"
        elif form == "long":
            inner = text.replace("\\", "\\\\").replace('"', '\\"')
            self.text += f'"""\n{inner}\\\n   """'
        else:
            self.text += _basic(text)

    def table(self, table: dict[str, object], path: tuple[str | int, ...]) -> None:
        for key, value in table.items():
            self.expected[*path, key] = self.line()
            self.text += f"{_key(key)} = "
            self.value(value, (*path, key))
            self.text += self.draw(st.sampled_from(["\n", " # comment\n", "\r\n", "\n\n"]))


@st.composite
def documents(draw: st.DrawFn) -> _Writer:
    writer = _Writer(draw)
    writer.table(draw(st.dictionaries(keys, values, max_size=3)), ())
    for name in draw(st.lists(keys, max_size=3, unique=True)):
        if (name,) in writer.expected:
            continue
        table = draw(st.dictionaries(keys, values, max_size=3))
        if draw(st.booleans()):
            writer.expected[name,] = writer.line()
            writer.text += f"[ {_key(name)} ]\n"
            writer.table(table, (name,))
        else:
            for index in range(draw(st.integers(1, 2))):
                writer.expected.setdefault((name,), writer.line())
                writer.expected[name, index] = writer.line()
                writer.text += f"[[{_key(name)}]]\n"
                writer.table(table, (name, index))
    return writer


@settings(deadline=None)
@given(documents())
def test_lines_are_those_on_which_the_document_was_written(writer: _Writer) -> None:
    tomli.loads(writer.text)
    assert find_lines(writer.text) == writer.expected
