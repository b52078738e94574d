"""The timeline's conditions of the network: whom they are for, what they take, and whether the engine has them."""

from collections.abc import Iterator, Mapping

from monerosim.agent.conditions import Condition, MoveWallet, Partition, condition_name
from monerosim.engine import Engine
from monerosim.scenario.compose import Composition, group_of, member_names
from monerosim.scenario.convert import Reader, quote
from monerosim.scenario.mentions import nobody, who_is_missing
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario, TimelineEntry


def condition_problems(
    scenario: Scenario,
    composed: Mapping[str, Composition],
    engine: Engine | None,
    entry: TimelineEntry,
    kind: type[Condition],
    path: Path,
) -> Iterator[RawProblem]:
    """Check an entry of the timeline that is a condition of the network.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        engine: None if there is none such.
        entry: The entry.
        kind: The condition.
        path: Where it stands.
    """
    needed = [condition_name(one) for one in kind.made_of] or [entry.do]
    lacking = [] if engine is None else [one for one in needed if one not in _in_timeline(engine)]
    if lacking:
        depends_on: tuple[Path, ...] = (("simulation", "engine"),)
        message = f"the engine {scenario.simulation.engine} cannot {' and '.join(lacking)}"
        yield RawProblem(path=(*path, "do"), message=message, depends_on=depends_on)
    reader = Reader()
    values = {key: value for key, value in entry.arguments.items() if key != "who"}
    condition = reader.read(values, kind, path)
    yield from reader.findings
    if not isinstance(condition, Condition):
        return
    if kind.made_of:
        yield from who_is_missing(scenario, composed, condition, path)
        return
    if isinstance(condition, Partition):
        yield from _sides(scenario, composed, condition, (*path, "sides"))
        return
    group = entry.who if entry.who in composed else group_of(scenario, entry.who)
    if group is not None and not condition.for_all:
        wanted = getattr(condition, "program", "wallet" if isinstance(condition, MoveWallet) else "node")
        yield from _lacks(composed, group, wanted, (*path, "who"))
    key, other = (
        ("node", condition.node) if isinstance(condition, MoveWallet) else ("peer", getattr(condition, "peer", None))
    )
    if other is not None:
        whose = other if other in composed else group_of(scenario, other)
        if whose is None:
            yield nobody((*path, key), other, composed)
        else:
            yield from _lacks(composed, whose, "node", (*path, key))


def behaviour_problems(
    scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None
) -> Iterator[RawProblem]:
    """Check that the engine can change the network as behaviours mean to."""
    if engine is None:
        return
    for composition in composed.values():
        for part in composition.parts:
            lacking = [it for it in map(condition_name, part.behaviour.changes) if it not in engine.conditions]
            if lacking:
                cannot = f"the engine {scenario.simulation.engine} cannot {', '.join(lacking)}"
                message = f"the actor {quote(part.use)} has no effect: {cannot}"
                yield RawProblem(path=part.path, message=message, depends_on=(("simulation", "engine"),))


def turnover_problems(
    scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None
) -> Iterator[RawProblem]:
    """Check that the engine lets nodes come and go, if they are to, and that who does has one."""
    path: Path = ("network", "turnover")
    turnover = scenario.network.turnover
    if not turnover.share:
        return
    if engine is not None and not _in_timeline(engine) >= {"shut-down", "start-up"}:
        message = f"the engine {scenario.simulation.engine} cannot shut nodes down and start them up"
        yield RawProblem(path=(*path, "share"), message=message, depends_on=(("simulation", "engine"),))
    yield from who_is_missing(scenario, composed, turnover, path)
    for index, who in enumerate(turnover.among):
        group = who if who in composed else group_of(scenario, who)
        if group is not None:
            yield from _lacks(composed, group, "node", (*path, "among", index))


def _in_timeline(engine: Engine) -> frozenset[str]:
    return engine.conditions | engine.scheduled_conditions


def _lacks(composed: Mapping[str, Composition], group: str, program: str, path: Path) -> Iterator[RawProblem]:
    composition = composed[group]
    has = isinstance(composition.node, Node) if program == "node" else composition.wallet is not None
    if not has:
        message = f"{quote(group)} has no {program} of its own"
        yield RawProblem(path=path, message=message, depends_on=(("participants", group),))


def _sides(
    scenario: Scenario, composed: Mapping[str, Composition], partition: Partition, path: Path
) -> Iterator[RawProblem]:
    placed: dict[str, str] = {}
    for side, named in partition.sides.items():
        for index, who in enumerate(named):
            here: Path = (*path, side, index)
            if who not in composed and group_of(scenario, who) is None:
                yield nobody(here, who, composed)
                continue
            members = member_names(who, scenario.participants[who].count) if who in composed else [who]
            for name in members:
                if placed.setdefault(name, side) != side:
                    message = f"{quote(name)} is on the side {quote(placed[name])} already"
                    yield RawProblem(path=here, message=message, depends_on=((*path, placed[name]),))
                    break
