"""A scenario: what a person writes, in TOML or in Python.

Durations and amounts may be given as text (``"2h"``, ``"10 XMR"``), tables as dicts. What does not fit raises a
:class:`~monerosim.scenario.problems.ScenarioError` that names every place.
"""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import NODEFAULT, Meta

from monerosim import config
from monerosim.config import PARTICIPANT, POSITIVE, Amount, Config, Duration, Key, fields_of
from monerosim.monero.emission import TAIL_SUPPLY
from monerosim.monero.fees import PENALTY_FREE_WEIGHT
from monerosim.monero.weights import POOL_WEIGHT
from monerosim.plan.restarts import Restarts
from monerosim.plugins import PluginFiles
from monerosim.scenario.convert import Reader
from monerosim.scenario.permissions import NOTHING, Permissions
from monerosim.scenario.problems import Problem, ScenarioError, format_path
from monerosim.units import SECOND, format_duration

Options: TypeAlias = dict[str, Any]
"""Plain data that somebody else (a behaviour, a topology, Shadow) checks."""

MAX_COUNT = 100_000
"""The most participants a scenario may have."""

MAX_MEDIAN = 10**9
"""The highest median block weight of a chain's start, bytes: three thousand times that of an empty chain."""

MAX_DIFFICULTY = 10**12
"""The highest difficulty, about that of the real network in 2025: that of a million blocks is less than 2^63."""

_FILE_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
_FILE_NAME_FORM = config.form('letters, digits, ".", "_" and "-", the first a letter or a digit')
_PROGRAM = r"^[^\x00-\x1f]+$"
_VERSION_FORM = config.form('a version of monerod such as "0.18.0.0"')
_LONGEST_LETTER = 10 * SECOND
_LEAST_LETTER = SECOND // 100
_LONGEST_EPOCH = 24 * 3600 * SECOND
_PROGRAM_FORM = config.form("a name on PATH or a file, without control characters")


class Table(Config, frozen=True):
    """A table of a scenario. Its constructor takes text and dicts where the fields are quantities and tables."""

    def __post_init__(self) -> None:
        """Read the fields that were given as plain data."""
        reader = Reader()
        for field in fields_of(type(self)):
            value = getattr(self, field.name)
            found = reader.read(value, field.type, (field.encode_name,))
            if found is not NODEFAULT and found is not value:
                msgspec.structs.force_setattr(self, field.name, found)
        wrong = [Problem(place=format_path(it.path), message=it.message, hint=it.hint) for it in reader.findings]
        if not wrong:
            wrong = [Problem(place=str(keys[0]), message=message) for keys, message in self.problems()]
        if wrong:
            raise ScenarioError(wrong)


class Simulation(Table, frozen=True):
    """What is run, and for how long."""

    name: Annotated[
        str,
        Meta(
            max_length=100,
            pattern=_FILE_NAME,
            extra=_FILE_NAME_FORM,
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


_Version: TypeAlias = Annotated[str, Meta(pattern=r"^0\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}$", extra=_VERSION_FORM)]


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
        _Version, Meta(description="The version of monerod whose rules nodes follow; the model only.")
    ] = "0.18.0.0"
    relay: Annotated[NetworkRelay, Meta(description="How long nodes take to verify; the model only.")] = msgspec.field(
        default_factory=NetworkRelay
    )
    turnover: Annotated[Turnover, Meta(description="Nodes that come and go.")] = msgspec.field(default_factory=Turnover)
    dandelion: Annotated[NetworkDandelion, Meta(description="Dandelion++'s parameters; the model only.")] = (
        msgspec.field(default_factory=NetworkDandelion)
    )


_Rules: TypeAlias = str | Options | tuple[str | Options, ...]


class HardFork(Table, frozen=True):
    """What changes at a height; nodes that do not know of it refuse the blocks from there on, and split off."""

    height: Annotated[int, Meta(ge=2, le=10**9, description="Of the first block by the new rules.")]
    since: Annotated[_Version, Meta(description="The version of monerod that knows of it first.")]
    use: Annotated[
        _Rules, Meta(description="What nodes go by from there on, before their other rules, as use of [rules].")
    ] = "first-seen"


class Rules(Table, frozen=True):
    """What nodes go by in place of monerod's rules; the model only."""

    use: Annotated[
        _Rules,
        Meta(
            description="A rule's name, or a table with its name as kind and its keys, or an array of these, of which "
            "the first is asked first."
        ),
    ] = "first-seen"
    hard_forks: Annotated[tuple[HardFork, ...], Meta(description="What changes at a height, for whom.")] = ()


class ChainStart(Table, frozen=True):
    """What a chain has when the run begins; what is left out is that of mainnet when its tail emission began.

    Blocks of the bootstrap do not move medians and difficulty.
    """

    supply: Annotated[Amount, Meta(description="The coins that there are; what a block creates follows from it.")] = (
        msgspec.field(default_factory=lambda: Amount(TAIL_SUPPLY))
    )
    long_term_median: Annotated[
        int, Meta(ge=1, le=MAX_MEDIAN, description="The long-term median block weight, bytes; 300000 counts if less.")
    ] = PENALTY_FREE_WEIGHT
    short_term_median: Annotated[
        int, Meta(ge=1, le=MAX_MEDIAN, description="The median weight of the last hundred blocks, bytes.")
    ] = PENALTY_FREE_WEIGHT
    difficulty: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_DIFFICULTY)] | None,
        Meta(
            description="The difficulty of the first block, where it is dynamic: that at which blocks come every "
            "block_time with a hashrate of 100; mainnet's if left out."
        ),
    ] = None


class Consensus(Table, frozen=True):
    """When blocks come, and where their chain begins."""

    block_time: Annotated[Duration, Meta(extra=POSITIVE, description="The time between two blocks, on average.")] = (
        config.duration("120s")
    )
    difficulty: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_DIFFICULTY)] | Literal["dynamic"],
        Meta(
            description="The fixed difficulty of a block, which sets no pace: block_time does. Or dynamic: it follows "
            "the timestamps of the last 735 blocks, so that blocks come every block_time whatever the hashrate."
        ),
    ] = 1
    start: Annotated[
        Literal["genesis", "tail"] | ChainStart,
        Meta(
            description="Where the chain begins: empty, at the tail emission, or a table with what there is. The "
            "engine embedded only; the others begin at genesis."
        ),
    ] = "genesis"
    pool_lifetime: Annotated[
        Duration,
        Meta(
            extra=POSITIVE,
            description="How long a transaction that no block takes stays in a node's pool. The engine embedded only; "
            "in monerod three days.",
        ),
    ] = config.duration("72h")
    pool_weight: Annotated[
        int,
        Meta(
            ge=1,
            description="How much a node's pool holds, weight in bytes; what pays least a byte goes when it is full. "
            "In monerod 648 MB.",
        ),
    ] = POOL_WEIGHT
    stems_in_blocks: Annotated[
        bool,
        Meta(
            description="Whether miners take transactions that are in their stem phase at their node, as on regtest. "
            "On mainnet they do not; the engine embedded only."
        ),
    ] = True
    block_arrivals: Annotated[
        Literal["poisson", "fixed"],
        Meta(description="Whether blocks come at random times, as mining has it, or at fixed ones."),
    ] = "poisson"

    @property
    def is_dynamic(self) -> bool:
        """Whether the difficulty follows the hashrate."""
        return self.difficulty == "dynamic"

    @property
    def chain_start(self) -> ChainStart | None:
        """What the chain has when the run begins; None if it begins at genesis."""
        if isinstance(self.start, ChainStart):
            return self.start
        return ChainStart() if self.start == "tail" else None


_Nodes: TypeAlias = Literal["none", "sample", "all"] | Annotated[tuple[str, ...], Meta(extra=PARTICIPANT)]


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


class Shadow(Table, frozen=True):
    """Options for the engine shadow; those of Shadow in its own names.

    They are in https://shadow.github.io/docs/guide/shadow_config_spec.html.
    """

    compat: Annotated[
        Literal["auto", "off"],
        Meta(description="Whether monerod and monero-wallet-rpc get the library that answers what Shadow refuses."),
    ] = "auto"
    proof_of_work: Annotated[
        Literal["auto", "real"],
        Meta(description="auto: monerod is spared RandomX's hash at difficulty 1, where any hash is proof enough."),
    ] = "auto"
    general: Annotated[Options, Meta(description="Added to the section general of shadow.yaml.")] = msgspec.field(
        default_factory=dict
    )
    experimental: Annotated[Options, Meta(description="Added to the section experimental of shadow.yaml.")] = (
        msgspec.field(default_factory=dict)
    )
    network: Annotated[
        Options, Meta(description="Added to the section network of shadow.yaml; the graph is the topology.")
    ] = msgspec.field(default_factory=dict)
    host_option_defaults: Annotated[
        Options, Meta(description="The section host_option_defaults of shadow.yaml: options of all hosts.")
    ] = msgspec.field(default_factory=dict)
    host_options: Annotated[
        dict[str, Options], Meta(description="Options of a participant's hosts, by its name in the scenario.")
    ] = msgspec.field(default_factory=dict)


_Program: TypeAlias = Annotated[str, Meta(pattern=_PROGRAM, extra=_PROGRAM_FORM)]


class Binaries(Table, frozen=True):
    """The programs of Monero, for all participants that name none of their own, and flags for all."""

    monerod: Annotated[
        _Program, Meta(description="A name on PATH, or a file; relative paths start at the scenario's.")
    ] = "monerod"
    wallet: Annotated[_Program, Meta(description="The monero-wallet-rpc: a name on PATH, or a file.")] = (
        "monero-wallet-rpc"
    )
    monerod_flags: Annotated[
        tuple[str, ...],
        Meta(description="Further flags of every monerod; a participant's own come first. Real engines only."),
    ] = ()
    wallet_flags: Annotated[
        tuple[str, ...],
        Meta(description="Further flags of every monero-wallet-rpc, likewise."),
    ] = ()


_Binary: TypeAlias = _Program | None


class Upgrade(Table, frozen=True):
    """When nodes go over to another version."""

    at: Annotated[Duration, Meta(description="When, since the scenario's time zero.")]
    version: Annotated[_Version, Meta(description="The version of monerod whose rules they follow from then on.")]
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
        _Version | None, Meta(description="The version whose rules it follows; the network's if left out.")
    ] = None
    upgrade: Annotated[
        Upgrade | None, Meta(description="When it goes over to another version; the model only. Never if left out.")
    ] = None
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
        _Rules | None, Meta(description="The rules that it goes by, as use of [rules]; those if left out.")
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


class SweepTable(Table, frozen=True):
    """What ``monerosim sweep`` varies; a single run has nothing of it. Options of the command replace it key by key."""

    seeds: Annotated[str, Meta(description='The seeds: "1..30" or "1,2,7".')] = "1..10"
    vary: Annotated[
        dict[str, tuple[Any, ...]],
        Meta(description='Values by key: { "network.latency" = ["50ms", "1s"] }; every combination is run.'),
    ] = msgspec.field(default_factory=dict)
    zip: Annotated[bool, Meta(description="Whether first values go together, then second ones, and so on.")] = False
    sample: Annotated[
        dict[str, str],
        Meta(description='Ranges by key, "10..40": points are spread over them as a Latin hypercube, instead of vary.'),
    ] = msgspec.field(default_factory=dict)
    points: Annotated[int, Meta(ge=0, le=100_000, description="How many points are drawn from the ranges.")] = 0
    measures: Annotated[
        tuple[str, ...], Meta(description='What is shown, such as "miners.alpha.blocks"; a few usual ones if left out.')
    ] = ()
    until: Annotated[
        str, Meta(description='Ends once an interval is as narrow: "payments.confirmed +- 2 %". Left out: never.')
    ] = ""


class Scenario(Table, frozen=True):
    """A whole scenario: what a TOML file has, or what Python composes.

    .. code-block:: python

        scenario = Scenario(
            simulation={"name": "small", "duration": "2h"},
            participants={
                "pool": {"kind": "mining-pool", "hashrate": 100},
                "block-controller": {"kind": "block-controller"},
                "user": {"kind": "regular-user", "count": 5, "wallet": {"initial_balance": "10 XMR"}},
            },
        )
        for problem in scenario.check():
            print(problem)
        print(run(scenario).summary.transactions)
    """

    simulation: Annotated[Simulation, Meta(description="What is run, and for how long.")] = msgspec.field(
        default_factory=Simulation
    )
    network: Annotated[Network, Meta(description="What lies between the participants.")] = msgspec.field(
        default_factory=Network
    )
    consensus: Annotated[Consensus, Meta(description="When blocks come.")] = msgspec.field(default_factory=Consensus)
    rules: Annotated[Rules, Meta(description="What nodes go by in place of monerod's rules.")] = msgspec.field(
        default_factory=Rules
    )
    letters: Annotated[Letters, Meta(description="How long letters between actors take.")] = msgspec.field(
        default_factory=Letters
    )
    record: Annotated[Recording, Meta(description="What is recorded of what nodes do.")] = msgspec.field(
        default_factory=Recording
    )
    binaries: Annotated[Binaries, Meta(description="The programs that engines with real programs start.")] = (
        msgspec.field(default_factory=Binaries)
    )
    shadow: Annotated[Shadow, Meta(description="Options for the engine shadow.")] = msgspec.field(
        default_factory=Shadow
    )
    participants: Annotated[
        dict[str, Participant], Meta(description="Who takes part, by name; a name is made of a-z, 0-9 and -.")
    ] = msgspec.field(default_factory=dict)
    timeline: Annotated[
        tuple[TimelineEntry, ...], Meta(description="What participants are told to do in the course of the run.")
    ] = ()
    alerts: Annotated[tuple[Alert, ...], Meta(description="What should not happen, and who is told when it does.")] = ()
    sweep: Annotated[SweepTable, Meta(description="What `monerosim sweep` varies.")] = msgspec.field(
        default_factory=SweepTable
    )

    def check(self, files: PluginFiles | None = None, permissions: Permissions = NOTHING) -> tuple[Problem, ...]:
        """Check the scenario as a whole, as is done before each run.

        Args:
            files: Where its own Python files are; below the working directory, if left out.
            permissions: What you allow it.

        Returns:
            Errors and warnings.
        """
        from monerosim.scenario.load import examine_scenario  # noqa: PLC0415  (which reads these tables)

        return examine_scenario(self, files, permissions).problems
