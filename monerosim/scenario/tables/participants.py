"""Who takes part, and what they are told to do."""

from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from monerosim import config
from monerosim.config import PARTICIPANT, Amount, Duration
from monerosim.plan.restarts import Restarts
from monerosim.scenario.tables.programs import Program
from monerosim.scenario.tables.table import MAX_COUNT, Options, RuleNames, Table, Version

_Binary: TypeAlias = Program | None


class Upgrade(Table, frozen=True):
    """When nodes go over to another version."""

    at: Annotated[Duration, Meta(description="When, since the scenario's time zero.")]
    version: Annotated[Version, Meta(description="The version of monerod whose rules they follow from then on.")]
    binary: Annotated[
        _Binary, Meta(description="Its monerod from then on, on real engines: a name on PATH or a file.")
    ] = None
    stagger: Annotated[Duration, Meta(description="How much later each further one of the group does.")] = (
        config.duration("0s")
    )


class Node(Table, frozen=True):
    """A monerod of a participant's own."""

    connections: Annotated[
        Annotated[int, Meta(ge=1, le=1000)] | None,
        Meta(description="Its outgoing connections; the network's number if left out."),
    ] = None
    version: Annotated[
        Version | None, Meta(description="The version whose rules it follows; the network's if left out.")
    ] = None
    upgrade: Annotated[Upgrade | None, Meta(description="When it goes over to another version; never if left out.")] = (
        None
    )
    reach: Annotated[
        Literal["reachable", "unreachable", "hidden"] | None,
        Meta(description="Whether others can dial it; drawn by the network's shares if left out."),
    ] = None
    peers: Annotated[
        tuple[str, ...],
        Meta(extra=PARTICIPANT, description="With explicit peers: whom it dials, participants or groups."),
    ] = ()
    subnets: Annotated[
        tuple[str, ...], Meta(description='The subnets in which it has its address, members in turn: "5.6.0.0/16".')
    ] = ()
    rules: Annotated[
        RuleNames | None, Meta(description="The rules that it goes by, as use of [rules]; those if left out.")
    ] = None
    binary: Annotated[
        _Binary, Meta(description="Its monerod, a name on PATH or a file; that of [binaries] if left out.")
    ] = None
    flags: Annotated[
        tuple[str, ...], Meta(description='Further flags of its monerod, such as "--log-level=1"; real engines only.')
    ] = ()


class Wallet(Table, frozen=True):
    """A participant's wallet."""

    addresses: Annotated[
        int, Meta(ge=1, le=10_000, description="How many addresses it has: a marketplace's vendors.")
    ] = 1
    initial_balance: Annotated[Amount, Meta(description="What it holds when the scenario's own time begins.")] = (
        config.amount("0")
    )
    outputs: Annotated[
        int,
        Meta(
            ge=1,
            le=100,
            description="In how many outputs the initial balance is paid: as many payments can be made at once, before "
            "the change of the first has unlocked.",
        ),
    ] = 1
    binary: Annotated[
        _Binary, Meta(description="Its monero-wallet-rpc, a name on PATH or a file; that of [binaries] if left out.")
    ] = None
    flags: Annotated[
        tuple[str, ...],
        Meta(description='Further flags of its monero-wallet-rpc, such as "--log-level=1"; real engines only.'),
    ] = ()


class Participant(Table, frozen=True):
    """A participant, or a group of like ones."""

    extra_keys: ClassVar[str] = "settings"
    """Unknown keys are collected there: with ``kind``, they are the usual actor's."""

    kind: Annotated[str | None, Meta(description="A behaviour's name: short for its usual node, wallet and actor.")] = (
        None
    )
    count: Annotated[int, Meta(ge=0, le=MAX_COUNT, description="How many there are; named NAME-001 and so on.")] = 1
    start: Annotated[
        Duration,
        Meta(description="When the (first) participant's actors begin to act, since the scenario's time zero."),
    ] = config.duration("0s")
    stagger: Annotated[Duration, Meta(description="How much later each further one of the group begins.")] = (
        config.duration("0s")
    )
    node: Annotated[
        Node | str | None,
        Meta(description="A table: a node of its own. A participant's or group's name: that one's. Left out: none."),
    ] = None
    wallet: Annotated[Wallet | None, Meta(description="Its wallet; none if left out.")] = None
    actors: Annotated[
        tuple[Options, ...], Meta(description='The behaviours it is composed of: { use = "NAME", ... }.')
    ] = ()
    restarts: Annotated[
        Restarts | None, Meta(description="How often an actor that failed is started again; the usual if left out.")
    ] = None
    settings: Annotated[
        Options, Meta(description="With kind, the usual actor's keys; they may stand beside kind as well.")
    ] = msgspec.field(default_factory=dict)


class TimelineEntry(Table, frozen=True):
    """Something that participants are told to do in the course of the run."""

    extra_keys: ClassVar[str] = "arguments"
    """Unknown keys are collected there: they are the command's."""

    at: Annotated[Duration, Meta(description="When, since the scenario's time zero.")]
    do: Annotated[
        str,
        Meta(
            description="pause, resume, stop, start, set, what one of the participant's actors understands, or a "
            "condition of the network."
        ),
    ]
    who: Annotated[
        str, Meta(description="A participant or a group; left out of conditions of the network as a whole.")
    ] = "*"
    actor: Annotated[
        str, Meta(description="One actor of the participant; all that understand the command, if left out.")
    ] = ""
    arguments: Annotated[
        Options, Meta(description="The command's keys, or what is set; they may stand beside the others as well.")
    ] = msgspec.field(default_factory=dict)
