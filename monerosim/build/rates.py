"""How many payments a behaviour means to make, with the timeline taken into account."""

from collections.abc import Iterator, Sequence

from monerosim.agent.commands import PAUSE, RESUME, SET, START, STOP, understands
from monerosim.agent.facts import paying_of
from monerosim.config import Config, change_config, dump_config, load_config
from monerosim.plan.plan import CommandPlan, PaymentRate
from monerosim.scenario.compose import Part


def payment_rates(
    name: str, part: Part, start: int, commands: Sequence[CommandPlan], *, time_zero: int, end: int
) -> tuple[PaymentRate, ...]:
    """Compute when a behaviour pays how often: from its own start to its own end, and only while it is left running.

    Args:
        name: The actor's.
        part: The behaviour and its configuration.
        start: When it begins to act; microseconds since the run's start, as all times here.
        commands: What its host is told, in the order of the times.
        time_zero: When the scenario's own time begins.
        end: When that is over, and nobody pays any more.

    Raises:
        PluginError: The behaviour cannot tell it.
    """
    rates = []
    for since, until, config in _spans(name, part, start, commands, end):
        paying = paying_of(part.behaviour, config)
        last = until if paying.until is None else min(until, time_zero + paying.until)
        if paying.per_second and since < last:
            rates.append(PaymentRate(since, last, paying.per_second, paying.hours))
    return tuple(rates)


def _spans(
    name: str, part: Part, start: int, commands: Sequence[CommandPlan], end: int
) -> Iterator[tuple[int, int, Config]]:
    """List the spans of time in which a behaviour is running, with its configuration in each."""
    since, running, config = start, True, part.config
    for command in commands:
        if command.actor not in ("", name):
            continue
        if running and since < command.at:
            yield since, command.at, config
        # What it is told before its own start counts from there; only `start` has it begin at once.
        since = command.at if command.do == START else max(command.at, since)
        if command.do in (STOP, PAUSE):
            running = False
        elif command.do in (START, RESUME):
            running = True
        elif command.do == SET and understands(part.behaviour, SET, command.arguments):
            kind = part.behaviour.Config
            config = load_config(change_config(dump_config(config), command.arguments, kind), kind)
    if running:
        yield since, end, config
