"""When programs run that the timeline ends and starts, for an engine that has to know it before the run begins."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import msgspec

from monerosim.agent.commands import understands
from monerosim.agent.condition_registry import find_condition
from monerosim.agent.conditions import ConditionError, Crash, ShutDown, StartUp, hosts_of, name_of
from monerosim.build.processes import MONEROD
from monerosim.config import load_config
from monerosim.plan.plan import CommandPlan, HostPlan, Plan, ProcessPlan, SpanPlan
from monerosim.scenario.absences import SHORTEST, least_absence
from monerosim.scenario.compose import Composition, Part, actor_names

_Change: TypeAlias = "tuple[int, ShutDown | StartUp | Crash | None]"
"""When a program is ended or started; None: it is ended and started again, as another version."""


def with_spans(plan: Plan, composed: Mapping[str, Composition]) -> Plan:
    """Return a plan whose programs have the times at which the timeline, or an upgrade, ends and starts them.

    Args:
        plan: The plan.
        composed: What the participants are composed of, by their names: their behaviours' own commands come first.
    """
    changes: dict[tuple[str, str], list[_Change]] = {}
    for name, at, condition in _conditions(plan, composed):
        changes.setdefault((name, condition.program), []).append((at, condition))

    def spanned(host: HostPlan, process: ProcessPlan) -> ProcessPlan:
        if not process.runs_to_end:
            return process
        own = list(changes.get((host.name, "node" if process.name == MONEROD else "wallet"), ()))
        if process.upgrade is not None:
            own.append((process.upgrade.at, None))
        return msgspec.structs.replace(process, spans=spans_of(process.start, own, plan.stop)) if own else process

    return msgspec.structs.replace(
        plan,
        hosts=tuple(
            msgspec.structs.replace(host, processes=tuple(spanned(host, process) for process in host.processes))
            for host in plan.hosts
        ),
    )


def spans_of(start: int, changes: Iterable[_Change], stop: int) -> tuple[SpanPlan, ...]:
    """Return when a program runs.

    Args:
        start: When it is started first.
        changes: When it is ended and started. Ending one that is away changes nothing, nor does starting one that
            runs; what comes too early after the change before (:mod:`monerosim.scenario.absences`) comes later.
        stop: When the run stops; what would come afterwards is left out.
    """
    spans: list[SpanPlan] = []
    since, runs, least = start, True, SHORTEST
    for at, condition in sorted(changes, key=lambda one: one[0]):
        when = max(at, since + least)
        if runs == isinstance(condition, StartUp) or (condition is None and not runs) or when > stop:
            continue
        if runs:
            spans.append(SpanPlan(start=since, end=when, killed=isinstance(condition, Crash)))
            least = SHORTEST if condition is None else least_absence(name_of(condition), condition.program)
            since, runs = (when + least, True) if condition is None else (when, False)
        else:
            since, runs, least = when, True, SHORTEST
    return (*spans, SpanPlan(start=since)) if runs and since <= stop else tuple(spans)


def _conditions(
    plan: Plan, composed: Mapping[str, Composition]
) -> Iterator[tuple[str, int, ShutDown | StartUp | Crash]]:
    """List what the timeline does to programs: the host, when, and the condition."""
    for host in plan.hosts:
        for command in host.commands:
            kind = find_condition(command.do)
            if kind is None or _is_own(composed[host.group].parts, command):
                continue
            try:
                condition = load_config({"who": host.name, **command.arguments}, kind)
                for part in condition.parts(plan):
                    if isinstance(part, ShutDown | StartUp | Crash):
                        yield from ((name, command.at, part) for name in hosts_of(plan, part.who))
            except ConditionError:
                # It cannot be had in this run; the supervisor records that when its time has come.
                continue


def _is_own(parts: Sequence[Part], command: CommandPlan) -> bool:
    """Return whether a command is one of a behaviour's own."""
    named = zip(actor_names(parts), parts, strict=True)
    return any(
        command.actor in ("", name) and understands(part.behaviour, command.do, command.arguments)
        for name, part in named
    )
