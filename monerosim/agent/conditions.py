"""Conditions of the network: what an actor, or the timeline, may change of nodes, wallets and connections.

An actor changes the network by :meth:`~monerosim.agent.actor.Actor.change_network`::

    self.change_network(Partition(sides={"north": ("miner-a",), "south": ("miner-b",)}))

In the timeline, ``do`` is the condition's name, and ``who`` the participants that it is for.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from monerosim.agent.messages import Message
from monerosim.config import Duration, duration
from monerosim.events.event import hyphenated
from monerosim.plan.plan import Plan

EVERYBODY = "*"
"""In place of a participant in the timeline: the condition is for all."""

Program: TypeAlias = Literal["node", "wallet"]


class ConditionError(Exception):
    """A condition cannot be had on the run's engine, or not now; the message says why."""


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of all conditions. They are for the participant of the actor that changes the network, if ``who`` is empty.

    A participant's name stands for its members, too.
    """

    for_all: ClassVar[bool] = False
    """Whether it is for the network as a whole, so that the timeline names nobody."""
    made_of: ClassVar[tuple["type[Condition]", ...]] = ()
    """The kinds of conditions that it is made of, if no engine has it as such: those of other packages."""
    who: str = ""

    def parts(self, plan: Plan) -> Iterable["Condition"]:
        """Return the conditions that it is made of, in their order; itself, if engines have it as such.

        Args:
            plan: The run's plan.

        Raises:
            ConditionError: It cannot be had in this run.
        """
        del plan
        return (self,)


class ShutDown(Condition, frozen=True):
    """End a node or a wallet in order; it keeps what it has, and what asks it gets no answer."""

    program: Annotated[Program, Meta(description="Which of the participant's programs.")] = "node"


class StartUp(Condition, frozen=True):
    """Start a node or a wallet again that was shut down or has crashed."""

    program: Annotated[Program, Meta(description="Which of the participant's programs.")] = "node"


class Crash(Condition, frozen=True):
    """Kill a node or a wallet; it is not started again before ``start-up``."""

    program: Annotated[Program, Meta(description="Which of the participant's programs.")] = "node"


class Freeze(Condition, frozen=True):
    """Have a node or a wallet stand still (SIGSTOP)."""

    program: Annotated[Program, Meta(description="Which of the participant's programs.")] = "node"


class Thaw(Condition, frozen=True):
    """Have a node or a wallet go on that stands still (SIGCONT)."""

    program: Annotated[Program, Meta(description="Which of the participant's programs.")] = "node"


class Cut(Condition, frozen=True):
    """Cut the connections between nodes; none is made between them before ``restore``."""

    peer: Annotated[str, Meta(min_length=1, description="The other end.")]


class Restore(Condition, frozen=True):
    """Let nodes connect again that were cut off from each other."""

    peer: Annotated[str, Meta(min_length=1, description="The other end.")]


class Partition(Condition, frozen=True):
    """Cut all connections between the sides of a network, until ``heal``; those that no side names are a side."""

    for_all: ClassVar[bool] = True
    sides: Annotated[
        Mapping[str, tuple[str, ...]], Meta(min_length=1, description="The participants of each side, by its name.")
    ]


class Heal(Condition, frozen=True):
    """End a partition."""

    for_all: ClassVar[bool] = True


_Kept = Annotated[
    str,
    Meta(
        pattern="^(blocks|transactions|stems|[0-9a-f]{64})$",
        description="blocks, transactions (public ones), stems, or the hash of one of these.",
    ),
]
"""What a node may keep to itself."""


class Silence(Condition, frozen=True):
    """Have a node keep to itself what it would relay."""

    what: _Kept


class Unsilence(Condition, frozen=True):
    """Have a node relay again what it has kept to itself."""

    what: _Kept


class Degrade(Condition, frozen=True):
    """Have a node's connections, or those between two nodes, be slower and lose packets; without keys, no more."""

    latency: Annotated[Duration, Meta(description="How much longer a packet takes, one way.")] = duration("0s")
    loss: Annotated[float, Meta(ge=0, lt=1, description="The share of packets that get lost besides.")] = 0.0
    peer: Annotated[
        Annotated[str, Meta(min_length=1)] | None, Meta(description="The other end; all peers, if left out.")
    ] = None


class MoveWallet(Condition, frozen=True):
    """Have a wallet use another participant's node (``set_daemon``)."""

    node: Annotated[str, Meta(min_length=1, description="The participant whose node it uses.")]


CONDITIONS: Mapping[str, type[Condition]] = {
    hyphenated(kind.__name__): kind
    for kind in (
        *(ShutDown, StartUp, Crash, Freeze, Thaw, Cut, Restore, Partition, Heal),
        *(Silence, Unsilence, Degrade, MoveWallet),
    )
}
"""All conditions by their names in the timeline."""


class ChangeNetwork(Message[None], frozen=True):
    """To a supervisor: change the network; that is recorded.

    Raises:
        ConditionError: The engine cannot do that, or not now.
    """

    condition: Condition


def condition_name(kind: type[Condition]) -> str:
    """Return the name of a kind of conditions: ``shut-down``."""
    return hyphenated(kind.__name__)


def name_of(condition: Condition) -> str:
    """Return the name of a condition."""
    return condition_name(type(condition))


def hosts_of(plan: Plan, who: str) -> list[str]:
    """List the hosts that a participant's, a group's or a member's name means, in the plan's order.

    Raises:
        ConditionError: There is none.
    """
    found = [host.name for host in plan.hosts if who in (EVERYBODY, host.name, host.group)]
    if not found:
        raise ConditionError(f"there is no participant {who!r}")
    return found


def sides_of(plan: Plan, sides: Iterable[Iterable[str]]) -> dict[str, int]:
    """Return the side of each host that a side names; others are on a side of their own, -1.

    Raises:
        ConditionError: A host is on two sides, or there is none such.
    """
    placed: dict[str, int] = {}
    for number, side in enumerate(sides):
        for host in (name for who in side for name in hosts_of(plan, who)):
            if placed.setdefault(host, number) != number:
                raise ConditionError(f"{host} is on two sides")
    return placed
