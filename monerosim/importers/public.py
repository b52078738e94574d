"""Scenarios of the public monerosim (github.com/Fountain5405/monerosim): the shorthand, and the expanded form.

Its times are since the start of the simulation, and it has no bootstrap of its own: miners mine for hours until a
distributor pays the users. Here the bootstrap pays them before time zero; times stay as they are.
"""

from collections.abc import Iterator, Sequence

import msgspec

from monerosim.importers.draft import Draft, alike, stem
from monerosim.importers.public_agents import MINER, NODE, USER, Funding, fill, role_of
from monerosim.importers.public_general import read_public_general
from monerosim.importers.public_ranges import Agents, read_ids, time_of
from monerosim.importers.public_reachable import set_reach
from monerosim.importers.public_turnover import turn_over
from monerosim.importers.source import Item
from monerosim.importers.table import Table
from monerosim.importers.values import microseconds
from monerosim.scenario.tables import MAX_COUNT
from monerosim.units import SECOND, format_duration

_LEAST_BOOTSTRAP = 4 * 3600 * SECOND
_FUNDING = 3600 * SECOND
_EARLY = 3600 * SECOND
_INTERVAL = 60
_UNITS_OF_BUFFER = 5
_STAGGERS = {USER: "auto", MINER: "1s", NODE: "5s"}
_SEEDS = 6
"""Nodes at the addresses that are built into monerod; their tool adds them unless ``fallback_seeds`` says otherwise."""


class _Member(msgspec.Struct, frozen=True):
    id: str
    role: str
    table: Table
    start: int
    """When it begins to act, microseconds."""
    items: tuple[Item, ...]
    """Where the file says so."""
    stays: bool
    """Whether its node is up all the time, whatever others do."""
    is_seed: bool
    """Whether the file calls it a seed node."""


def read_public(draft: Draft) -> None:
    """Carry over all agents that are nodes, miners or users."""
    root = draft.source.root
    listed = root.get("agents")
    agents = [read_ids(name, item) for name, item in ([] if listed is None else listed.items())]
    if sum(len(one.ids) for one in agents) > MAX_COUNT:
        draft.note(f"the file has more than {MAX_COUNT} agents")
        return
    read_public_general(draft)
    activity = _activity(draft, agents)
    funding = Funding.of(one.item for one in agents)
    members = [member for one in agents for member in _members(draft, one, funding, activity)]
    if not any(member.role == USER for member in members):
        funding.leave()
    set_reach(draft, [member.table for member in members if not member.is_seed])
    names: dict[str, str] = {}
    for run in _runs(members):
        first = run[0]
        reach = first.table.get("node", "reach")
        name = first.id if len(run) == 1 else f"{stem(first.id)}-{reach}" if reach else stem(first.id)
        name = _place(draft, run, name)
        names.update((member.id, name) for member in run)
    _connect(draft, members, names)
    steady = {names[member.id] for member in members if member.stays}
    turn_over(draft, [name for name in dict.fromkeys(names.values()) if name not in steady])
    mode = root.get("general", "fallback_seeds")
    if mode is None or mode.value == "auto":
        seeds = draft.participant()
        seeds.add({}, "node", reason=f"their tool adds {_SEEDS} nodes unless general.fallback_seeds says otherwise")
        name = draft.place("monero-seed", seeds, _SEEDS)
        if mode is not None:
            draft.source.carry(mode, ("participants", name), "")
    elif mode.value in ("custom", "off"):
        mode.leave("there are the nodes that the file names")


def _activity(draft: Draft, agents: Sequence[Agents]) -> int:
    """Return when users with an automatic time begin to pay, microseconds: an hour after the distributor."""
    root = draft.source.root
    early = [0]
    for one in agents:
        role = role_of(one.item)
        starts = [it for it in one.times("start_time", _STAGGERS.get(role)) if it is not None and it < _EARLY]
        activity = one.item.get("activity_start_time")
        if role in (MINER, NODE) or (activity is not None and activity.value == "auto"):
            early += starts
    known = root.get("timing", "bootstrap_end_time") or root.get("general", "bootstrap_end_time")
    end = None if known is None else time_of(known)
    if end is None:
        seconds = max(early) // SECOND
        end = max(_LEAST_BOOTSTRAP, (seconds + seconds // _UNITS_OF_BUFFER) * SECOND)
    funded = root.get("timing", "md_start_time")
    begin = (None if funded is None else time_of(funded)) or end
    own = root.get("timing", "activity_start_time")
    for item in (root.get("timing", "bootstrap_end_time"), funded):
        if item is not None:
            item.leave("it is in the users' start alone; here the bootstrap comes before time zero")
    return (None if own is None else time_of(own)) or begin + _FUNDING


def _members(draft: Draft, one: Agents, funding: Funding, activity: int) -> Iterator[_Member]:
    role = role_of(one.item)
    tables = [fill(draft.participant(), one, index, role, funding) for index in range(len(one.ids))]
    starts = one.times("start_time", _STAGGERS.get(role))
    acts = one.item.get("activity_start_time")
    stagger = one.item.get("activity_start_time_stagger")
    interval = _interval(one)
    step = f"{max(1, interval // len(one.ids))}s"
    items = tuple(
        it for it in (acts, stagger, draft.source.root.get("timing", "activity_start_time")) if it is not None
    )
    if role == USER and acts is not None:
        if acts.value == "auto":
            starts = [activity + index * max(1, interval // len(one.ids)) * SECOND for index in range(len(one.ids))]
        else:
            starts = one.times("activity_start_time", step)
            items = items[: 1 if stagger is None else 2]
        _leave(
            one, ("start_time", "start_time_stagger"), "its node is up from the beginning; it pays from its activity on"
        )
    elif role in (MINER, USER):
        names = ("start_time", "start_time_stagger")
        items = tuple(it for it in (one.item.get(name) for name in names) if it is not None)
    else:
        items = ()
        starts = [0] * len(one.ids)
        _leave(one, ("start_time", "start_time_stagger"), "all nodes are up from the beginning")
    for name, table, start in zip(one.ids, tables, starts, strict=True):
        if table is not None:
            has_node = isinstance(table.get("node"), dict)
            seed = one.item.get("attributes", "is_seed_node")
            is_seed = seed is not None and str(seed.value).lower() == "true"
            stays = role == MINER or not has_node or is_seed or _is_pinned(one)
            yield _Member(name, role, table, start or 0, items, stays, is_seed)


def _is_pinned(one: Agents) -> bool:
    """Return whether the file has it stay, as their tool reads it: ``hide-my-port: false`` is written of such nodes."""
    hides = one.item.get("daemon_options", "hide-my-port")
    return hides is not None and hides.value is False


def _leave(one: Agents, keys: Sequence[str], reason: str) -> None:
    for key in keys:
        item = one.item.get(key)
        if item is not None:
            item.leave(reason)


def _interval(one: Agents) -> int:
    item = one.item.get("transaction_interval")
    try:
        return _INTERVAL if item is None else microseconds(item.value) // SECOND
    except ValueError:
        return _INTERVAL


def _runs(members: Sequence[_Member]) -> Iterator[list[_Member]]:
    """Yield agents that follow on one another, are alike, and start one after the other in equal steps."""
    run: list[_Member] = []
    for member in members:
        if run and not _continues(run, member):
            yield run
            run = []
        run.append(member)
    if run:
        yield run


def _continues(run: Sequence[_Member], member: _Member) -> bool:
    before = run[-1]
    if (stem(before.id), before.role) != (stem(member.id), member.role):
        return False
    if before.table.data is not member.table.data and alike(before.table.data) != alike(member.table.data):
        return False
    step = member.start - before.start
    return step >= 0 and (len(run) == 1 or step == before.start - run[-2].start)


def _place(draft: Draft, run: Sequence[_Member], name: str) -> str:
    first = run[0]
    step = run[1].start - first.start if len(run) > 1 else 0
    for key, time in (("start", first.start), ("stagger", step)):
        if time:
            first.table.set(format_duration(time), key)
    for index, member in enumerate(run):
        for item in (it for it in member.items if not draft.source.is_left(it)):
            member.table.note(item, *_keys(first, step, index))
    placed = draft.place(name, first.table, len(run))
    for other in run[1:]:
        other.table.settle("participants", placed)
    return placed


def _keys(first: _Member, step: int, index: int) -> tuple[str, ...]:
    """Return the key that says when a member of a group begins: none if all begin at time zero, as is usual."""
    if step and (index or not first.start):
        return ("stagger",)
    return ("start",) if first.start else ()


def _connect(draft: Draft, members: Sequence[_Member], names: dict[str, str]) -> None:
    """Give the wallets without a daemon of their own the node of another: a public one, if there are any."""
    owners = [member for member in members if isinstance(member.table.get("node"), dict)]
    public = [member for member in owners if member.table.get("public")]
    for member in members:
        member.table.data.pop("public", None)
    near = next(iter(public or owners), None)
    for name in dict.fromkeys(names[member.id] for member in members):
        table = draft.participants[name]
        table.data.pop("public", None)
        if table.get("node") is None and near is not None:
            table.set(names[near.id], "node")
