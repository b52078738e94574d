"""The scenario's alerts: what is wrong with them, and what they come to."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from monerosim.plan.plan import AlertPlan, HostPlan
from monerosim.scenario.compose import Composition, group_of
from monerosim.scenario.convert import quote
from monerosim.scenario.mentions import nobody
from monerosim.scenario.permissions import Permissions
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Alert, Scenario
from monerosim.scenario.timeline import members_of
from monerosim.units import SECOND

_MINUTE = 60 * SECOND
_AFTER = {"no-block": 20 * _MINUTE, "node-behind": 2 * _MINUTE, "payment-unconfirmed": 120 * _MINUTE}
_BLOCKS = 3
_LARGEST_PORT = 65_535


def alert_problems(
    scenario: Scenario, composed: Mapping[str, Composition], permissions: Permissions
) -> Iterator[RawProblem]:
    """Check that alerts have names of their own, are about somebody, and tell only whom they may."""
    names: set[str] = set()
    for number, alert in enumerate(scenario.alerts):
        path: Path = ("alerts", number)
        if (name := _name(alert)) in names:
            message = f"another alert is called {quote(name)}"
            yield RawProblem(path=(*path, "name"), message=message, hint="give each a name of its own")
        names.add(name)
        for index, who in enumerate(alert.who):
            if who not in composed and group_of(scenario, who) is None:
                yield nobody((*path, "who", index), who, composed)
        yield from _of_rule(alert, path)
        if alert.webhook and not _is_on_loopback(alert.webhook):
            message = f"{quote(alert.webhook)} is no URL on loopback"
            yield RawProblem(path=(*path, "webhook"), message=message, hint='such as "http://127.0.0.1:9000/alert"')
        if alert.command and not permissions.programs:
            message = f"the program {quote(alert.command[0])} is not started unless you allow it"
            yield RawProblem(path=(*path, "command"), message=message, hint="add --allow-programs if you trust it")


def alert_plans(scenario: Scenario, hosts: Sequence[HostPlan]) -> tuple[AlertPlan, ...]:
    """Resolve the alerts.

    Args:
        scenario: The scenario.
        hosts: All of the plan.
    """
    names = {host.name for host in hosts}
    return tuple(
        AlertPlan(
            name=_name(alert),
            when=alert.when,
            after=_AFTER.get(alert.when, 0) if alert.after is None else int(alert.after),
            blocks=0 if alert.when != "node-behind" else alert.blocks or _BLOCKS,
            who=tuple(sorted({member for who in alert.who for member in members_of(scenario, who)} & names)),
            webhook=alert.webhook,
            command=alert.command,
            fail_run=alert.fail_run,
        )
        for alert in scenario.alerts
    )


def _name(alert: Alert) -> str:
    return alert.name or alert.when


def _of_rule(alert: Alert, path: Path) -> Iterator[RawProblem]:
    """Find keys that the rule of an alert does not have."""
    idle = [
        *(["after"] if alert.after is not None and alert.when not in _AFTER else []),
        *(["blocks"] if alert.blocks is not None and alert.when != "node-behind" else []),
        *(["who"] if alert.who and alert.when == "no-block" else []),
    ]
    for key in idle:
        message = f"{key} has no effect on an alert of {quote(alert.when)}"
        yield RawProblem(path=(*path, key), message=message, severity="warning", depends_on=((*path, "when"),))


def _is_on_loopback(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
        loopback = host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
    plain = all("!" <= sign <= "~" for sign in url)
    return plain and parts.scheme == "http" and loopback and (port is None or 0 < port <= _LARGEST_PORT)
