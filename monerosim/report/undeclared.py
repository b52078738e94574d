"""What behaviours do not declare yet, guessed from their keys. For as long as plans come without it."""

from collections.abc import Iterator, Mapping

import msgspec

from monerosim.plan.plan import ActorPlan, HostPlan, PaymentRate, Plan
from monerosim.units import SECOND, parse_duration

_RATES = ("transaction_frequency", "transaction_interval")
"""Keys of which one stands instead of the other."""


def declared(plan: Plan) -> Plan:
    """Return a plan whose actors say their roles, hashrates and payments, as behaviours do not declare them yet.

    To be removed, with this module and its one call in summary.py, once plans come with them.
    """
    if any(actor.payments or actor.hashrate for host in plan.hosts for actor in host.actors):
        return plan
    hosts = tuple(
        msgspec.structs.replace(host, actors=tuple(_declared(plan, host, actor) for actor in host.actors))
        for host in plan.hosts
    )
    return msgspec.structs.replace(plan, hosts=hosts)


def _declared(plan: Plan, host: HostPlan, actor: ActorPlan) -> ActorPlan:
    hashrate = actor.config.get("hashrate")
    if isinstance(hashrate, int | float):
        return msgspec.structs.replace(actor, role="miner", hashrate=float(hashrate))
    payments = tuple(
        PaymentRate(since, min(until, _until(plan, config)), _rate(config) * SECOND)
        for since, until, config in _spans(host, actor, plan.time_zero + plan.duration)
        if _rate(config)
    )
    return msgspec.structs.replace(actor, role="funder" if actor.use == "funder" else actor.role, payments=payments)


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
