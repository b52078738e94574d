"""What behaviours declare of a configuration, asked with care: the code may be anybody's."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from monerosim.agent.behaviour import Behaviour
from monerosim.config import Config
from monerosim.plugins import PluginError

T = TypeVar("T")


def hashrate_of(behaviour: type[Behaviour], config: Config) -> float:
    """Return a behaviour's hashrate.

    Raises:
        PluginError: It does not tell it.
    """
    return _ask("hashrate", lambda: _number(behaviour.hashrate(config), "hashrate"))


def payment_rate_of(behaviour: type[Behaviour], config: Config) -> tuple[float, int | None]:
    """Return how many payments a behaviour means to make a second, and until when.

    Returns:
        The payments; microseconds since the scenario's time zero, None for the scenario's end.

    Raises:
        PluginError: It does not tell it.
    """
    return _ask(
        "payments",
        lambda: (_number(behaviour.payments_per_second(config), "payments"), behaviour.paying_until(config)),
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
