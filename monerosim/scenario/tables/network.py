"""What lies between the participants."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from monerosim import config
from monerosim.config import PARTICIPANT, POSITIVE, Duration, Key
from monerosim.scenario.tables.table import Options, Table, Version
from monerosim.units import SECOND, format_duration

_LONGEST_EPOCH = 24 * 3600 * SECOND

_LONGEST_VERIFICATION = 600 * SECOND

_STEP = SECOND // 4

_MOST_STEPS = 100


class Verification(Table, frozen=True):
    """How long nodes take to verify something."""

    mean: Annotated[Duration, Meta(description="On average.")]
    distribution: Annotated[
        Literal["fixed", "uniform", "exponential"],
        Meta(
            description="Always the mean; anything from least to as far above the mean; or exponentially distributed "
            "beyond least."
        ),
    ] = "fixed"
    least: Annotated[Duration, Meta(description="The shortest time, if it is drawn.")] = config.duration("0s")

    def problems(self) -> Iterable[tuple[Sequence[Key], str]]:
        """Check that the times go together."""
        if not 0 <= self.mean <= _LONGEST_VERIFICATION:
            yield ("mean",), f"the mean has to be at most {format_duration(_LONGEST_VERIFICATION)}"
        if not 0 <= self.least <= self.mean:
            yield ("least", "mean"), "the least has to be from 0 to the mean"
        if self.least and self.distribution == "fixed":
            yield ("least", "distribution"), 'the least has no effect if the distribution is "fixed"'


class NetworkRelay(Table, frozen=True):
    """How long nodes take to verify what they relay; the model only."""

    block_verification: Annotated[
        Verification,
        Meta(description="A block: the proof of work (RandomX) and what else is checked, its transactions aside."),
    ] = msgspec.field(
        default_factory=lambda: Verification(mean=Duration(80_000), distribution="uniform", least=Duration(15_000))
    )
    transaction_verification: Annotated[
        Verification, Meta(description="A transaction that the node does not have, from receiving to passing it on.")
    ] = msgspec.field(default_factory=lambda: Verification(mean=Duration(80_000)))


class NetworkDandelion(Table, frozen=True):
    """The parameters of Dandelion++; the defaults are monerod's. The model only."""

    stems: Annotated[
        int, Meta(ge=1, le=100, description="The outgoing connections that a node chooses for an epoch's stems.")
    ] = 2
    fluff_probability: Annotated[
        int, Meta(ge=0, le=100, description="The percentage of epochs in which a node ends stems.")
    ] = 20
    epoch: Annotated[Duration, Meta(extra=POSITIVE, description="The shortest epoch.")] = config.duration("10m")
    epoch_range: Annotated[
        Duration, Meta(description="The most by which an epoch is longer, uniformly distributed.")
    ] = config.duration("30s")
    embargo: Annotated[
        Duration,
        Meta(
            description="How long a node waits on average for what it passed on to come back as public; whole seconds "
            "up to 100, Poisson distributed."
        ),
    ] = config.duration("39s")
    flush_incoming: Annotated[
        Duration,
        Meta(
            description="How long public transactions wait on average for a peer that dialled the node; quarter "
            "seconds up to 25 s, Poisson distributed."
        ),
    ] = config.duration("5s")
    flush_outgoing: Annotated[Duration, Meta(description="The same for a peer that the node dialled.")] = (
        config.duration("2.5s")
    )

    def problems(self) -> Iterable[tuple[Sequence[Key], str]]:
        """Check the ranges of what is Poisson distributed, and of epochs."""
        for key, step in (("embargo", SECOND), ("flush_incoming", _STEP), ("flush_outgoing", _STEP)):
            value: Duration = getattr(self, key)
            if value % step or not step <= value <= _MOST_STEPS * step:
                most = format_duration(_MOST_STEPS * step)
                yield (key,), f"expected a multiple of {format_duration(step)} up to {most}"
        if self.epoch + self.epoch_range > _LONGEST_EPOCH:
            yield ("epoch", "epoch_range"), f"an epoch has to be at most {format_duration(_LONGEST_EPOCH)} long"


class Place(Table, frozen=True):
    """Where a participant is, and what its line is like."""

    place: Annotated[str, Meta(description="One of the topology's places; where the topology has it, if left out.")] = (
        ""
    )
    bandwidth: Annotated[str, Meta(description="What it sends and receives in a second; its place's if left out.")] = ""
    latency: Annotated[Duration, Meta(description="One way, beside what its place's links take.")] = config.duration(
        "0s"
    )
    loss: Annotated[
        float, Meta(ge=0, lt=1, description="The share of packets that get lost beside those of its place's links.")
    ] = 0.0


class Turnover(Table, frozen=True):
    """Nodes that come and go all the time."""

    share: Annotated[float, Meta(ge=0, le=1, description="The probability with which a node is one of them.")] = 0.0
    session: Annotated[Duration, Meta(extra=POSITIVE, description="How long one is up, on average.")] = config.duration(
        "2h"
    )
    downtime: Annotated[Duration, Meta(extra=POSITIVE, description="How long it is down then, on average.")] = (
        config.duration("20min")
    )
    distribution: Annotated[Literal["exponential", "fixed"], Meta(description="Of both times.")] = "exponential"
    among: Annotated[
        tuple[str, ...], Meta(extra=PARTICIPANT, description="Whose nodes; those of all participants, if left out.")
    ] = ()


class Network(Table, frozen=True):
    """What lies between the participants."""

    topology: Annotated[
        str | Options, Meta(description="A topology's name, or a table with its name as kind and its options.")
    ] = "switch"
    latency: Annotated[
        Duration, Meta(extra=POSITIVE, description="The time a packet takes from one participant to another.")
    ] = config.duration("50ms")
    bandwidth: Annotated[str, Meta(description='What each can send and receive in a second: "100 Mbit".')] = "100 Mbit"
    loss: Annotated[float, Meta(ge=0, lt=1, description="The share of packets that get lost.")] = 0.0
    places: Annotated[
        dict[str, Place | str],
        Meta(
            description="By participant or group: the name of a place of the topology, or a table with what it "
            "has of its own."
        ),
    ] = msgspec.field(default_factory=dict)
    connections: Annotated[int, Meta(ge=1, le=1000, description="The outgoing connections of a node.")] = 12
    peers: Annotated[
        Literal["random", "explicit", "file", "discovered"],
        Meta(
            description="Whom nodes dial: others at random, for good; those that their tables name; those of a file; "
            "or whom they find, as monerod does (the model only)."
        ),
    ] = "random"
    peers_file: Annotated[
        str,
        Meta(description="With peers from a file: its name, beside the scenario; each line has DIALER and LISTENER."),
    ] = ""
    seed_nodes: Annotated[
        tuple[str, ...],
        Meta(
            extra=PARTICIPANT,
            description="With discovered peers: whom nodes ask that know nobody else; three that can be dialled, if "
            "left out.",
        ),
    ] = ()
    unreachable: Annotated[
        float, Meta(ge=0, le=1, description="The share of nodes that nobody can dial: behind a router, say.")
    ] = 0.0
    hidden: Annotated[
        float,
        Meta(ge=0, le=1, description="The share of nodes that do not tell their port, so that nobody dials them."),
    ] = 0.0
    version: Annotated[
        Version, Meta(description="The version of monerod whose rules nodes follow; the model only.")
    ] = "0.18.0.0"
    relay: Annotated[NetworkRelay, Meta(description="How long nodes take to verify; the model only.")] = msgspec.field(
        default_factory=NetworkRelay
    )
    turnover: Annotated[Turnover, Meta(description="Nodes that come and go.")] = msgspec.field(default_factory=Turnover)
    dandelion: Annotated[NetworkDandelion, Meta(description="Dandelion++'s parameters; the model only.")] = (
        msgspec.field(default_factory=NetworkDandelion)
    )
