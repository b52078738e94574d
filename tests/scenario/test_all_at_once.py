"""Any two errors are both told, at their places, whatever the order of the tables."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.scenario import Problem, examine

Path = tuple[str | int, ...]
GONE = object()

GOOD: dict[str, Any] = {
    "simulation": {"duration": "2h"},
    "network": {"connections": 4},
    "consensus": {"block_time": "60s"},
    "participants": {
        "pool": {"kind": "mining-pool", "hashrate": 60},
        "solo": {"node": {}, "wallet": {}, "actors": [{"use": "mining-pool", "hashrate": 40}]},
        "control": {"kind": "block-controller"},
        "market": {"kind": "marketplace", "node": "pool"},
        "user": {
            "count": 3,
            "node": {},
            "wallet": {"initial_balance": "10 XMR"},
            "actors": [{"use": "regular-user"}, {"use": "transaction-bot", "recipients": ["pool", "market"]}],
        },
        "shopper": {"kind": "regular-user", "node": "user", "wallet": {"initial_balance": "1 XMR"}},
        "watch": {"kind": "orchestrator"},
    },
    "timeline": [
        {"at": "10m", "do": "pause", "who": "pool"},
        {"at": "20m", "do": "set", "who": "shopper", "max_amount": "3 XMR"},
        {"at": "30m", "do": "send-now", "who": "user", "actor": "regular-user"},
        {"at": "40m", "do": "set", "who": "user", "actor": "regular-user", "confirmations": 2},
        {"at": "50m", "do": "stop", "who": "user-003"},
    ],
}


class Wrong(msgspec.Struct, frozen=True):
    """An error: what makes it of the good scenario, and how it is told."""

    edits: dict[Path, Any]
    place: str
    words: str
    rests_on: tuple[Path, ...] = ()
    """Keys without which it cannot be judged."""
    option: str = ""


def key(text: str, value: object, words: str, place: str = "", rests_on: tuple[Path, ...] = ()) -> Wrong:
    """Set one key; a number between dots is an index."""
    return Wrong({path_of(text): value}, place or text_of(path_of(text)), words, rests_on)


def option(text: str, words: str, *edits: Path) -> Wrong:
    return Wrong(dict.fromkeys(edits), f"--set {text}", words, option=text)


def path_of(text: str) -> Path:
    return tuple(int(part) if part.isdigit() else part for part in text.split("."))


def text_of(path: Path) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def participant(name: str, *keys: str) -> tuple[Path, ...]:
    return tuple(("participants", name, *path_of(it)) for it in keys)


STARTS = tuple(("simulation", name) for name in ("engine", "node_start", "wallet_start", "agent_start"))
USER = "participants.user.actors.0"
BOT = "participants.user.actors.1"
WRONG = [
    # Values.
    key("simulation.duration", "2x", "expected a duration"),
    key("simulation.seed", -1, "at least 0"),
    key("simulation.seed", 2**64, "64 bits"),
    key("simulation.name", "../x", "expected letters"),
    key("simulation.wallet_start", "soon", "expected a duration"),
    key("simulation.bootstrap_block_interval", "0s", "more than 0"),
    key("simulation.engine", "shadwo", 'did you mean "shadow"?'),
    key("consensus", 3, "expected a table"),
    key("consensus.block_arrivals", "poison", 'did you mean "poisson"?'),
    key("binaries.monerod", "", "a name on PATH"),
    key("binaries.wallet_flags", [2**70, "--a=1", "--a=2"], "given twice", "binaries.wallet_flags[2]"),
    key("participants.pool.start", "x", "expected a duration"),
    key("participants.user.count", -3, "at least 0"),
    key("participants.user.restarts", {"max_restarts": -1}, "at least 0", "participants.user.restarts.max_restarts"),
    key("participants.user.wallet.outputs", 0, "at least 1"),
    key("participants.user.node.connections", 0, "at least 1"),
    key("participants.user.node.flags", [5, "bad flag"], "expected a flag", "participants.user.node.flags[1]"),
    key("participants.market.confirmations", 0, "at least 1", rests_on=participant("market", "kind")),
    key("participants.solo.actors.0.until", "x", "expected a duration", rests_on=participant("solo", "actors.0.use")),
    key("participants.pool.hashrate", GONE, "is missing", rests_on=participant("pool", "kind")),
    # Unknown keys and names.
    key("netwrok", {}, 'did you mean "network"?'),
    key("simulation.duraton", "1h", 'did you mean "duration"?'),
    key("participants.pool.cuont", 4, 'did you mean "count"?'),
    key("participants.user.initial_balance", "1 XMR", "write it in wallet"),
    key("participants.market.hashrate", 3, "unknown key", rests_on=participant("market", "kind")),
    key(f"{USER}.bogus", 1, "unknown key", rests_on=participant("user", "actors.0.use")),
    key("participants.pool.kind", "mining-pol", 'did you mean "mining-pool"?'),
    key("participants.control.kind", 5, "expected a text"),
    key(f"{BOT}.use", "transaction-bto", 'did you mean "transaction-bot"?'),
    key("participants.solo.actors.1", 7, "expected a table"),
    key("participants.Bad_", {"node": {}}, 'such as "bad"'),
    key("participants.user-002", {"node": {}}, "used twice", "participants.user", participant("user", "count")),
    # Keys that do not go together.
    Wrong(
        {path_of(f"{USER}.min_amount"): 3, path_of(f"{USER}.max_amount"): 2},
        "participants.user.actors[0].min_amount",
        "at most max_amount",
        participant("user", "actors.0.use"),
    ),
    Wrong(
        {path_of(f"{USER}.transaction_frequency"): 0.1, path_of(f"{USER}.transaction_interval"): "5m"},
        "participants.user.actors[0].transaction_interval",
        "one of the two",
        participant("user", "actors.0.use"),
    ),
    Wrong(
        {path_of(f"{USER}.recipients"): "users", path_of(f"{USER}.orders"): True},
        "participants.user.actors[0].recipients",
        "left out with orders",
        participant("user", "actors.0.use"),
    ),
    key(f"{BOT}.amount", 0, "above 0", rests_on=participant("user", "actors.1.use")),
    key("participants.market.max_price", "0.01 XMR", "at most max_price", rests_on=participant("market", "kind")),
    key("participants.watch.collect", [3, "x"], "no event is called", "participants.watch.collect[1]"),
    key("simulation.bootstrap", "5s", "takes at least", rests_on=STARTS),
    # Needs and references.
    key(
        "participants.solo.wallet",
        GONE,
        "needs a wallet",
        "participants.solo.actors[0]",
        participant("solo", "actors.0.use"),
    ),
    key("participants.shopper.node", "usr", 'did you mean "user"?'),
    key("participants.market.node", "control", "no node of its own", rests_on=participant("control", "kind")),
    key(f"{BOT}.recipients.1", "nobody", "no such participant", rests_on=participant("user", "actors.1.use")),
    # The timeline.
    key("timeline.0.at", "xx", "expected a duration"),
    key("timeline.0.who", "nobody", "no such participant"),
    key(
        "timeline.0.do",
        "paus",
        'did you mean "pause"?',
        rests_on=(("timeline", 0, "who"), *participant("pool", "kind")),
    ),
    key("timeline.1.max_amount", "0.01 XMR", "at most max_amount", rests_on=(("timeline", 1, "at"),)),
    key("timeline.1.min_amuont", 1, 'did you mean "min_amount"?'),
    key("timeline.1.confirmations", 0, "at least 1"),
    key("timeline.2.to", "nobodyy", "no such participant", rests_on=participant("user", "actors.0.use")),
    key("timeline.2.amount", "x", "expected an amount", rests_on=participant("user", "actors.0.use")),
    key("timeline.3.priority", 9, "at most", rests_on=participant("user", "actors.0.use")),
    key("timeline.4.who", "user-007", "no such participant", rests_on=participant("user", "count")),
    key("timeline.5", "x", "expected a table"),
    # The network.
    key("network.topology", "swich", 'did you mean "switch"?'),
    key("network.topology", {"kind": "ring", "ltaency": 1}, 'did you mean "latency"?', "network.topology.ltaency"),
    key("network.topology", {"kind": "ring", "loss": 5}, "a share from 0 to below 1", "network.topology.loss"),
    key("network.bandwidth", "lots", "expected a bandwidth"),
    key("network.latency", "0s", "more than 0"),
    key("network.loss", 1.0, "less than 1"),
    # Options.
    option("nonsense", "KEY.PATH=VALUE"),
    option("participants.user.actors[9].use=x", "has 2 elements"),
    option("network.connections=0", "at least 1", ("network", "connections")),
    option("simlation.seed=3", 'did you mean "simulation"?'),
    option("participants.shopper.destinations=99", "at most 15", *participant("shopper", "destinations")),
]


def is_within(one: Path, other: Path) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def can_be_merged(one: Wrong, other: Wrong) -> bool:
    """Whether two errors are about different keys, and neither hides what the other rests on."""
    pairs = [(mine, its) for mine in one.edits for its in (*other.edits, *other.rests_on)]
    pairs += [(mine, its) for mine in one.rests_on for its in other.edits]
    return not any(is_within(mine, its) for mine, its in pairs)


def make(*errors: Wrong) -> dict[str, Any]:
    data = deepcopy(GOOD)
    for error in errors:
        for path, value in error.edits.items() if not error.option else ():
            here: Any = data
            for part in path[:-1]:
                here = here[part] if isinstance(part, int) else here.setdefault(part, {})
            if value is GONE:
                del here[path[-1]]
            elif isinstance(here, list) and path[-1] == len(here):
                here.append(value)
            else:
                here[path[-1]] = value
    return data


def toml(value: object) -> str:
    match value:
        case Mapping():
            return f"{{ {', '.join(f'{name} = {toml(item)}' for name, item in value.items())} }}"
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case _:
            return json.dumps(value)


def tables(data: Mapping[str, Any]) -> Iterator[str]:
    """Write each table with a header of its own; what is none stands in a line."""
    for name, table in data.items():
        if name == "participants":
            for inner, each in table.items():
                yield f"[participants.{inner}]\n" + "".join(f"{it} = {toml(value)}\n" for it, value in each.items())
        elif isinstance(table, Mapping):
            yield f"[{name}]\n" + "".join(f"{it} = {toml(value)}\n" for it, value in table.items())


def write(data: Mapping[str, Any], order: list[int] | None = None) -> str:
    plain = "".join(f"{name} = {toml(value)}\n" for name, value in data.items() if not isinstance(value, Mapping))
    parts = list(tables(data))
    return plain + "".join(parts[index] for index in order or range(len(parts)))


def problems_of(*errors: Wrong, order: list[int] | None = None) -> list[Problem]:
    changes = [error.option for error in errors if error.option]
    return list(examine(write(make(*errors), order).encode(), changes=changes).problems)


def test_what_the_errors_are_made_of_has_none() -> None:
    assert problems_of() == []


def is_told(error: Wrong, problems: list[Problem]) -> bool:
    return any(it.place == error.place and error.words in str(it) and it.severity == "error" for it in problems)


@pytest.mark.parametrize("error", WRONG, ids=lambda error: error.place)
def test_one_error_is_told_and_nothing_that_follows_from_it(error: Wrong) -> None:
    problems = problems_of(error)
    assert is_told(error, problems)
    rest = [it.place for it in problems if it.place != error.place and it.severity == "error"]
    # What is edited may have another error in it.
    assert all(any(place.startswith(text_of(path)) for path in error.edits) for place in rest)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_two_errors_are_both_told_in_any_order_of_the_tables(data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(WRONG))
    other = data.draw(st.sampled_from([it for it in WRONG if can_be_merged(one, it)]))
    problems = problems_of(one, other)
    assert is_told(one, problems)
    assert is_told(other, problems)
    order = data.draw(st.permutations(range(len(list(tables(make(one, other)))))))
    again = problems_of(one, other, order=order)
    assert {(it.place, it.message) for it in again} == {(it.place, it.message) for it in problems}
