"""What is run, for how long, what is recorded, and who is told."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from monerosim import config
from monerosim.config import PARTICIPANT, POSITIVE, Duration, Key
from monerosim.scenario.tables.table import MAX_COUNT, Table
from monerosim.units import SECOND, format_duration

_FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"

_FORM = config.form('letters, digits, ".", "_" and "-", the first a letter or a digit')


class Simulation(Table, frozen=True):
    """What is run, and for how long."""

    name: Annotated[
        str,
        Meta(
            max_length=100,
            pattern=_FILE_NAME,
            extra=_FORM,
            description="What the run and its directory are called.",
        ),
    ] = "scenario"
    duration: Annotated[
        Duration, Meta(extra=POSITIVE, description="How long the scenario's own time is, after the bootstrap.")
    ] = config.duration("1h")
    seed: Annotated[
        int, Meta(ge=0, description="All random numbers come from it: the same seed gives the same run.")
    ] = 1
    engine: Annotated[
        str,
        Meta(
            description="What plays the scenario: the model (embedded), real programs on this machine (local), Shadow, "
            "or an engine that another package brings; `monerosim plugins` lists them."
        ),
    ] = "embedded"
    bootstrap: Annotated[
        Duration | None,
        Meta(description="The length of the bootstrap; computed if left out, and at least what is computed."),
    ] = None
    cooldown: Annotated[
        Duration,
        Meta(
            description="How much longer the run goes on: for the last blocks to reach everybody, and for the "
            "actors to see what became of their last payments."
        ),
    ] = config.duration("60s")
    bootstrap_block_interval: Annotated[
        Annotated[Duration, Meta(extra=POSITIVE)] | None,
        Meta(description="The time between two blocks of the bootstrap; if left out, the engine's own: usually 2 s."),
    ] = None
    node_start: Annotated[Duration, Meta(description="When nodes are started, since the run's start.")] = (
        config.duration("0s")
    )
    wallet_start: Annotated[
        Duration | None,
        Meta(
            description="When wallets are started, since the run's start; if left out, the engine's own: usually 30 s."
        ),
    ] = None
    agent_start: Annotated[
        Duration | None,
        Meta(description="When the participants' agents are started; if left out, the engine's own: usually 60 s."),
    ] = None
    controller_start: Annotated[
        Duration | None,
        Meta(description="When a block controller's agent is started; if left out, the engine's own: usually 90 s."),
    ] = None
    strict: Annotated[bool, Meta(description="Whether a warning is an error.")] = False


_LONGEST_LETTER = 10 * SECOND

_LEAST_LETTER = SECOND // 100


class Letters(Table, frozen=True):
    """How long letters between the actors of two participants take: until they are due, and are looked for then."""

    delay: Annotated[
        Duration, Meta(description="How old a letter has to be; on Shadow longer than a packet takes.")
    ] = config.duration("500ms")
    interval: Annotated[Duration, Meta(description="How often each looks for letters that are old enough.")] = (
        config.duration("1s")
    )

    def problems(self) -> Iterable[tuple[Sequence[Key], str]]:
        """Check that the bootstrap, which needs letters, has the time for them, and that no machine only looks."""
        if self.delay > _LONGEST_LETTER:
            yield ("delay",), f"expected at most {format_duration(_LONGEST_LETTER)}"
        if not _LEAST_LETTER <= self.interval <= _LONGEST_LETTER:
            shortest, longest = format_duration(_LEAST_LETTER), format_duration(_LONGEST_LETTER)
            yield ("interval",), f"expected {shortest} to {longest}"


_Nodes: TypeAlias = Literal["none", "sample", "all"] | Annotated[tuple[str, ...], Meta(extra=PARTICIPANT)]


class Recording(Table, frozen=True):
    """What is recorded of what nodes do. It changes nothing of what they do, nor the digest of the run."""

    spreads: Annotated[
        Literal["quantiles", "sample", "all"] | None,
        Meta(
            description="Of the times at which nodes first had a block or a transaction: all, those of a sample of "
            "nodes, or quantiles over all nodes. If left out, all in a network of up to 200 nodes, else quantiles."
        ),
    ] = None
    relays: Annotated[
        _Nodes,
        Meta(
            description="Each message that brings a node a block or transactions: to and from all nodes, a sample, or "
            "the nodes of participants and groups."
        ),
    ] = "none"
    stems: Annotated[
        _Nodes, Meta(description="The stem phase of each transaction that passes such a node, its whole way.")
    ] = "none"
    txpool: Annotated[
        _Nodes, Meta(description="How many transactions such a node has in its txpool, and their weight, each minute.")
    ] = "none"
    sample: Annotated[
        int, Meta(ge=1, le=MAX_COUNT, description='How many nodes "sample" stands for, drawn by the seed.')
    ] = 100


class Alert(Table, frozen=True):
    """Something that should not happen, looked for while the run is played. It moves nothing of the run."""

    when: Annotated[
        Literal["no-block", "node-behind", "payment-unconfirmed", "failure", "probe-failed"],
        Meta(
            description="Nobody finds a block for some time; a node is some blocks behind; a payment is not confirmed "
            "some time after it was sent; an actor, an agent or a program fails; a probe says no."
        ),
    ]
    name: Annotated[
        str, Meta(max_length=100, description='What it is called; as in "when", if left out, which one alert can be.')
    ] = ""
    after: Annotated[
        Duration | None,
        Meta(
            description="How long it has to be so; if left out, 20m without a block, 2m behind, 2h unconfirmed. "
            "Failures are told at once."
        ),
    ] = None
    blocks: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="Blocks that a node is behind the best; 3, if left out.")
    ] = None
    who: Annotated[
        Annotated[tuple[str, ...], Meta(extra=PARTICIPANT)],
        Meta(description="Participants and groups that it is about; all, if left out."),
    ] = ()
    webhook: Annotated[
        str, Meta(description='A URL on loopback to which it is posted as JSON: "http://127.0.0.1:9000/alert".')
    ] = ""
    command: Annotated[
        tuple[str, ...],
        Meta(description="A program that gets it as JSON on its input, and its arguments; with --allow-programs only."),
    ] = ()
    fail_run: Annotated[bool, Meta(description="Whether `monerosim run` then ends with exit code 3.")] = False
