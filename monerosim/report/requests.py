"""How many payments a plan's behaviours mean to make."""

from collections.abc import Iterator, Mapping

from monerosim.plan.plan import ActorPlan, HostPlan, Plan
from monerosim.units import SECOND, parse_duration

_RATES = ("transaction_frequency", "transaction_interval")
"""Keys of which one stands instead of the other."""


def requested_payments(plan: Plan, end: int) -> int:
    """Sum the payments that the plan's behaviours mean to make on average.

    Each pays from its own start to its own end, and only while the timeline leaves it running.

    Args:
        plan: The plan.
        end: When nobody pays any more, microseconds since the run's start.
    """
    total = sum(
        _rate(config) * max(0, min(until, end, _until(plan, config)) - since)
        for host in plan.hosts
        for actor in host.actors
        for since, until, config in _spans(host, actor, end)
    )
    return round(total)


def _spans(host: HostPlan, actor: ActorPlan, end: int) -> Iterator[tuple[int, int, Mapping[str, object]]]:
    """List the spans of time in which a behaviour is running, with what its configuration is in each."""
    since, running, config = actor.start, True, dict(actor.config)
    for command in host.commands:
        if command.actor not in ("", actor.name):
            continue
        if running and since < command.at:
            yield since, command.at, dict(config)
        # What it is told before its own start counts from there; only `start` has it begin at once.
        since = command.at if command.do == "start" else max(command.at, since)
        if command.do in ("stop", "pause"):
            running = False
        elif command.do in ("start", "resume"):
            running = True
        elif command.do == "set" and config.keys() >= command.arguments.keys():
            if any(key in command.arguments for key in _RATES):
                config.update(dict.fromkeys(_RATES))
            config.update(command.arguments)
    if running:
        yield since, end, config


def _rate(config: Mapping[str, object]) -> float:
    """Tell how many payments a behaviour means to make a microsecond."""
    frequency, interval = (config.get(key) for key in _RATES)
    if isinstance(frequency, int | float):
        return frequency / (60 * SECOND)
    if isinstance(interval, str):
        return 1 / parse_duration(interval)
    return 0.0


def _until(plan: Plan, config: Mapping[str, object]) -> int:
    until = config.get("until")
    return plan.time_zero + parse_duration(until) if isinstance(until, str) else plan.time_zero + plan.duration
