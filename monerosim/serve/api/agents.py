"""Participants of a run, and commands to them."""

from collections import deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from monerosim.agent.registry import load_behaviour
from monerosim.catalogue.describe import COMMON_COMMANDS_HELP, first_line
from monerosim.control import Request
from monerosim.events.traces import read_traces
from monerosim.plan.plan import ActorPlan, HostPlan
from monerosim.plugins import PluginError
from monerosim.plugins.files import names_file
from monerosim.serve.api.control import Sent, send
from monerosim.serve.api.runs import chosen
from monerosim.serve.counting import Counted
from monerosim.serve.operation import Call, Chosen, Operation, Refusal
from monerosim.serve.site import ShownRun

_MOST_LINES = 1000


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A behaviour of a participant."""

    name: str
    use: str
    start: int
    """When it begins to act, microseconds since the scenario's time zero."""
    config: Mapping[str, Any]
    commands: Mapping[str, str]
    """What it understands, and what each command does."""


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """A participant."""

    participant: str
    group: str
    address: str
    node: str | None
    """The participant whose node it uses."""
    own_node: bool
    wallets: int
    hashrate: float
    actors: list[str]
    state: str
    """``not started``, ``running``, ``failed`` or ``given up``, of the worst of its actors and programs."""
    health: Mapping[str, str]
    """Its actors and programs that have ever failed, and how each is."""


class AgentDetail(Agent, frozen=True, kw_only=True):
    """A participant, with its behaviours and what they logged last."""

    parts: list[Part]
    traces: list[dict[str, Any]]
    """The last lines of its actors' logs, in time order."""


class AgentQuery(Chosen, frozen=True, kw_only=True):
    """How much of a participant is wanted."""

    lines: Annotated[int, Meta(ge=0, le=_MOST_LINES)] = 100
    """Lines of its actors' logs."""


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command to a participant's actors."""

    command: str
    actor: str = ""
    """One behaviour's name; all that understand the command, if left out."""
    arguments: dict[str, Any] = {}


def _list(call: Call) -> list[Agent]:
    shown = chosen(call)
    counted = shown.counting.now()
    return [Agent(**_facts(shown, host, counted)) for host in shown.run.plan.hosts]


def _one(call: Call) -> AgentDetail:
    shown = chosen(call)
    host = _host(shown, call.path["id"])
    lines = read_traces(shown.run.directory / "hosts", participants=(host.name,))
    last = deque(lines, maxlen=call.query.lines)
    return AgentDetail(
        **_facts(shown, host, shown.counting.now()),
        parts=[_part(actor, shown.run.plan.time_zero) for actor in host.actors],
        traces=[msgspec.to_builtins(line) for line in last],
    )


def _command(call: Call) -> Response:
    shown = chosen(call)
    host = _host(shown, call.path["id"])
    request = Request(call.body.command, host.name, call.body.actor, call.body.arguments)
    return send(shown, request)


def _host(shown: ShownRun, name: str) -> HostPlan:
    for host in shown.run.plan.hosts:
        if host.name == name:
            return host
    raise Refusal(HTTPStatus.NOT_FOUND, f"no such participant: {name}")


def _facts(shown: ShownRun, host: HostPlan, counted: Counted) -> dict[str, Any]:
    own = {name: how for name, how in counted.health.items() if name.startswith(f"{host.name}/")}
    begun = counted.t + shown.run.plan.time_zero >= host.agent_start
    worst = next((how for how in ("given up", "failed") if how in own.values()), "running" if begun else "not started")
    return {
        "participant": host.name,
        "group": host.group,
        "address": host.address,
        "node": host.uses_node,
        "own_node": host.node is not None,
        "wallets": len(host.wallets),
        "hashrate": sum(actor.hashrate for actor in host.actors),
        "actors": [actor.name for actor in host.actors],
        "state": worst,
        "health": {name.partition("/")[2]: how for name, how in own.items()},
    }


def _part(actor: ActorPlan, time_zero: int) -> Part:
    commands = dict(COMMON_COMMANDS_HELP)
    # No code of the run directory is run; its behaviours' own commands can be sent all the same.
    if not names_file(actor.use):
        try:
            commands |= {name: first_line(message) for name, message in load_behaviour(actor.use).commands.items()}
        except PluginError:
            # The package that it is from is not installed here.
            commands = dict(COMMON_COMMANDS_HELP)
    return Part(name=actor.name, use=actor.use, start=actor.start - time_zero, config=actor.config, commands=commands)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/agents",
        summary="The participants of the chosen run.",
        handle=_list,
        query=Chosen,
        answer=list[Agent],
    ),
    Operation(
        method="GET",
        path="/api/agents/{id}",
        summary="A participant, its actors and their last logs.",
        handle=_one,
        query=AgentQuery,
        answer=AgentDetail,
    ),
    Operation(
        method="POST",
        path="/api/agents/{id}/command",
        summary="Have a participant's actors carry out a command. 202: it has not been answered yet.",
        handle=_command,
        query=Chosen,
        body=Command,
        answer=Sent,
        needs="commands",
    ),
)
