"""Who of a scenario's participants are miners, and which of them are so small that they are users as well."""

import math
from collections.abc import Mapping

import msgspec

from monerosim.agent.registry import load_behaviour
from monerosim.config import load_config
from monerosim.scenario.compose import Composition, Part
from monerosim.scenario.tables import Scenario

USER = "regular-user"
"""What solo miners are besides."""

CONTROLLER = "block-controller"
"""What decides who finds the next block: its class says that it is this (``alone``), whatever it is called."""


def hashrate_of(part: Part) -> float | None:
    """Give a miner's hashrate; None for what is no miner: a miner is what has a ``hashrate`` to configure."""
    hashrate = getattr(part.config, "hashrate", None)
    return float(hashrate) if isinstance(hashrate, int | float) else None


def is_autonomous(part: Part) -> bool:
    """Tell whether a miner finds its blocks without a block controller: its class says that it is ``autonomous``."""
    return bool(getattr(part.behaviour, "autonomous", False))


def is_controller(part: Part) -> bool:
    """Tell whether a behaviour is a block controller, monerosim's own or another."""
    return part.behaviour.role == CONTROLLER


def with_solo_miners(scenario: Scenario, composed: Mapping[str, Composition]) -> dict[str, Composition]:
    """Make solo miners regular users too, with a regular user's defaults.

    A solo miner is one whose hashrate is less than the block controller's ``solo_miner_threshold`` percent of all that
    the controller shares out. One that the scenario already makes a regular user stays as it is.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
    """
    least = _threshold(scenario, composed)
    return {
        name: _as_user(composition) if any(_is_below(part, least) for part in composition.parts) else composition
        for name, composition in composed.items()
    }


def _is_below(part: Part, least: float) -> bool:
    hashrate = hashrate_of(part)
    return hashrate is not None and hashrate < least and not is_autonomous(part)


def _threshold(scenario: Scenario, composed: Mapping[str, Composition]) -> float:
    """Give the hashrate that makes no solo miner any more; 0 if there is nobody who says so."""
    total, percent = [], 0.0
    for name, composition in composed.items():
        count = scenario.participants[name].count
        for part in composition.parts:
            hashrate = hashrate_of(part)
            if hashrate is not None and not is_autonomous(part):
                total.append(hashrate * count)
            if count:
                percent = max(percent, getattr(part.config, "solo_miner_threshold", 0.0))
    try:
        return math.fsum(total) * percent / 100
    except OverflowError:
        # Shares of what is no finite number have been refused, or are somebody else's to refuse.
        return 0.0


def _as_user(composition: Composition) -> Composition:
    block, parts = load_behaviour(USER), composition.parts
    if not any(issubclass(part.behaviour, block) for part in parts):
        user = Part(use=USER, behaviour=block, config=load_config({}, block.Config), path=parts[0].path)
        parts = (*parts, user)
    return msgspec.structs.replace(composition, parts=parts, solo=True)
