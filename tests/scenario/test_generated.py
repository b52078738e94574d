"""Generated input: a clean error or a valid plan, never a crash."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.build.compile import compile_plan
from monerosim.plan.plan import decode_plan, encode_plan
from monerosim.scenario import ScenarioError, examine, parse
from monerosim.scenario.template import template

TEMPLATE = template().decode()
WORDS = [
    "--log-level=1",
    "user",
    "pool-alpha",
    "regular-user",
    "mining-pool",
    "block-controller",
    "marketplace",
    "switch",
    "ring",
    "2h",
]
KEYS = [
    *("simulation", "network", "consensus", "participants", "shadow", "duration", "seed", "topology", "kind", "count"),
    *("node", "wallet", "actors", "use", "start", "stagger", "initial_balance", "hashrate", "min_amount", "settings"),
    *("binaries", "monerod", "binary", "flags"),
]
keys = st.one_of(st.sampled_from(KEYS), st.text(max_size=5))
scalars = st.one_of(
    st.sampled_from([*WORDS, "1 XMR", "50ms", "0s", "-1", "1e400", ""]),
    st.integers(),
    st.integers(-2, 300),
    st.floats(),
    st.booleans(),
    st.text(max_size=20),
    st.dates(),
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=4)),
    max_leaves=6,
)


def read_or_refuse(raw: bytes, changes: tuple[str, ...] = ()) -> None:
    """Read and compile a scenario; its errors are problems that name a place."""
    try:
        examination = examine(raw, changes=changes)
    except ScenarioError:
        return
    for problem in examination.problems:
        assert problem.message
        assert problem.place or problem.line is not None
        assert str(problem).isprintable() or "\n" not in problem.place
    if examination.errors or sum(it.count for it in examination.scenario.participants.values()) > 300:
        return
    plan = compile_plan(examination.scenario)
    assert decode_plan(encode_plan(plan)) == plan


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(raw: bytes) -> None:
    read_or_refuse(raw)


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("[]{}=.,'\"\n#abuser1-_ "), max_size=60))
def test_any_text_that_looks_like_toml(text: str) -> None:
    read_or_refuse(text.encode())


def _toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            escaped = "".join(f"\\U{ord(c):08X}" if not c.isalnum() else c for c in value)
            return f'"{escaped}"'
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{_toml(key)} = {_toml(item)}' for key, item in value.items())}}}"
        case _:
            return str(value)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(keys, values, max_size=4))
def test_any_toml(data: dict[str, object]) -> None:
    text = "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in data.items())
    read_or_refuse(text.encode("utf-8", "replace"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_scenario_with_parts_replaced(data: st.DataObject) -> None:
    lines = TEMPLATE.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[index].partition("=")
        if equals and not key.startswith("#"):
            lines[index] = f"{key}= {_toml(data.draw(values))}"
        elif data.draw(st.booleans()):
            lines[index] = ""
    read_or_refuse("\n".join(lines).encode("utf-8", "replace"))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["participants.user", "network", "simulation"]), keys, values), max_size=3))
def test_any_changes(changes: list[tuple[str, str, object]]) -> None:
    read_or_refuse(TEMPLATE.encode(), tuple(f"{table}.{key}={_toml(value)}" for table, key, value in changes))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40))
def test_any_change_at_all(change: str) -> None:
    read_or_refuse(TEMPLATE.encode(), (change,))


@settings(max_examples=25, deadline=None)
@given(st.permutations(TEMPLATE.split("\n[")[1:]))
def test_the_order_of_tables_does_not_matter(tables: list[str]) -> None:
    head = TEMPLATE.split("\n[", maxsplit=1)[0]
    text = head + "".join(f"\n[{table}" for table in tables)
    assert encode_plan(compile_plan(parse(text))) == encode_plan(compile_plan(parse(TEMPLATE)))
