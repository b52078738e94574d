"""Alerts of made-up scenarios."""

from collections.abc import Sequence
from typing import Any

from monerosim.config import fields_of
from monerosim.runtime.rng import Rng
from monerosim.scenario.tables import Alert
from monerosim.swarm.values import choices, duration
from monerosim.units import SECOND

_RULES = tuple(str(rule) for field in fields_of(Alert) if field.name == "when" for rule in choices(field.type))
_LASTING = ("no-block", "node-behind", "payment-unconfirmed")
_WEBHOOK = "http://127.0.0.1:9/alert"
"""Where nobody listens."""


def draw_alerts(rng: Rng, length: int, names: Sequence[str]) -> dict[str, Any]:
    """Draw what should not happen, most of it after so little time that it does; programs are not allowed.

    Half the scenarios have no alerts.

    Args:
        rng: Where random numbers come from.
        length: How long the scenario is, microseconds.
        names: Its participants.
    """
    if rng.random() < 0.5:  # noqa: PLR2004
        return {}
    rules = [rule for rule in _RULES if rng.random() < 0.5] or [_RULES[0]]  # noqa: PLR2004
    return {"alerts": [_alert(rng, length, names, f"alert-{number}", it) for number, it in enumerate(rules)]}


def _alert(rng: Rng, length: int, names: Sequence[str], name: str, rule: str) -> dict[str, Any]:
    alert: dict[str, Any] = {"when": rule, "name": name}
    if rule in _LASTING and rng.random() < 0.7:  # noqa: PLR2004
        alert["after"] = duration(rng, 10 * SECOND, length)
    if rule == "node-behind" and rng.random() < 0.7:  # noqa: PLR2004
        alert["blocks"] = rng.integer(1, 4)
    if rule != "no-block" and rng.random() < 0.4:  # noqa: PLR2004
        alert["who"] = [rng.choice(names)]
    if rng.random() < 0.2:  # noqa: PLR2004
        alert["webhook"] = _WEBHOOK
    if rng.random() < 0.5:  # noqa: PLR2004
        alert["fail_run"] = rng.random() < 0.5  # noqa: PLR2004
    return alert
