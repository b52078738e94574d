"""What behaviours declare of a configuration, asked with care: the code may be anybody's."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from monerosim.agent.behaviour import Behaviour
from monerosim.config import Config
from monerosim.plugins import PluginError
from monerosim.runtime.day import are_weights

T = TypeVar("T")


def hashrate_of(behaviour: type[Behaviour], config: Config) -> float:
    """Return a behaviour's hashrate.

    Raises:
        PluginError: It does not tell it.
    """
    return _ask("hashrate", lambda: _number(behaviour.hashrate(config), "hashrate"))


class Paying(NamedTuple):
    """The payments that a behaviour means to make."""

    per_second: float
    until: int | None
    """Microseconds since the scenario's time zero; None for the scenario's end."""
    hours: tuple[float, ...]
    """The weights of a day's hours; none if they are all the same."""


def paying_of(behaviour: type[Behaviour], config: Config) -> Paying:
    """Return the payments that a behaviour means to make.

    Raises:
        PluginError: It does not tell it.
    """
    return _ask(
        "payments",
        lambda: Paying(
            _number(behaviour.payments_per_second(config), "payments"),
            behaviour.paying_until(config),
            _hours(behaviour.paying_hours(config)),
        ),
    )


def solo_limit_of(behaviour: type[Behaviour], config: Config, hashrates: Sequence[float]) -> float:
    """Return the hashrate below which a block controller makes miners users as well.

    Raises:
        PluginError: It does not tell it.
    """
    return _ask(
        "limit for solo miners", lambda: _number(behaviour.solo_below(config, hashrates), "limit for solo miners")
    )


def _ask(what: str, declared: Callable[[], T]) -> T:
    try:
        return declared()
    except Exception as error:
        raise PluginError(f"cannot tell its {what}: {type(error).__name__}: {error}") from error


def _number(value: object, what: str) -> float:
    if not (isinstance(value, int | float) and math.isfinite(value) and value >= 0):
        raise ValueError(f"expected a finite number of at least 0 for its {what}, got {value!r}")
    return float(value)


def _hours(weights: tuple[float, ...]) -> tuple[float, ...]:
    if weights and not are_weights(weights):
        raise ValueError(f"expected 24 weights of hours, got {weights!r}")
    return weights
