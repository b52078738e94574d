"""The plan: a scenario with everything resolved. Plain data, written as JSON, versioned.

Times are integer microseconds since the run's start, amounts atomic units. A run begins with the bootstrap; the
scenario's own time begins at :attr:`Plan.time_zero`.
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

from monerosim.plan.letters import LettersPlan
from monerosim.plan.roles import FUNDER
from monerosim.runtime.day import day_of
from monerosim.units import SECOND

PLAN_VERSION = 3
"""Raised whenever a reader of an older plan would misread a newer one."""

EVENTS_VERSION = 1
"""Raised whenever a reader of older event logs would misread newer ones; a further kind or field does not raise it."""


class RulePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule that takes the place of monerod's."""

    use: str
    """An entry point's name, or ``./FILE.py:CLASS`` below the run directory's ``plugins``."""
    config: Mapping[str, object] = {}


class HardForkPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What changes at a height, in the model."""

    height: int
    since: str
    """The version of monerod that knows of it first."""
    rules: tuple[RulePlan, ...] = ()


class UpgradePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node's upgrade."""

    at: int
    version: str
    """Of monerod."""
    binary: str = ""
    """The program that it is then, as given in the scenario; for engines with real programs."""


class NodePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A host's own monerod."""

    p2p_port: int
    rpc_port: int
    start: int
    """The start of the daemon."""
    ready_after: int
    """The start-up time of the modelled daemon."""
    peers: tuple[str, ...]
    """The hosts it dials (its outgoing connections)."""
    version: str = ""
    """The version of monerod that the model follows; the oldest it knows if left out."""
    reach: Literal["reachable", "unreachable", "hidden"] = "reachable"
    """Whether others can dial it."""
    out_peers: int = 12
    """How many it dials, where peers are discovered."""
    in_peers: int | None = None
    """How many may dial it, likewise; None for any number."""
    dials: bool = True
    """Whether it has connections at all, likewise."""
    binary: str = "monerod"
    """The program as given in the scenario: a name on PATH, or a file."""
    flags: tuple[str, ...] = ()
    """The scenario's own flags for the program."""
    upgrade: UpgradePlan | None = None
    """When it goes over to another version."""
    rules: tuple[RulePlan, ...] = ()
    """The rules that take the place of monerod's, the first to be asked first; in the model."""
    rate_limit: int | None = None
    """The bits per second to which its flags limit it, beyond the bandwidth of its place."""


class WalletPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One monero-wallet-rpc of a host."""

    name: str
    rpc_port: int
    start: int
    ready_after: int
    node: str
    """The host whose node it uses."""
    addresses: int = 1
    """The number of its addresses: a marketplace's vendors have one each."""
    initial_balance: int = 0
    binary: str = "monero-wallet-rpc"
    """The program as given in the scenario: a name on PATH, or a file."""
    flags: tuple[str, ...] = ()
    """The scenario's own flags for the program."""


class CrowdPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The wallets of many users that one behaviour keeps, in the model alone."""

    users: int
    initial_balance: int
    """Of each, atomic units. The first block creates it."""
    outputs: int = 1
    """In how many outputs."""
    nodes: tuple[str, ...]
    """The hosts whose nodes they use in turn."""
    ready_at: int
    """When they begin to look at them."""


class PaymentRate(msgspec.Struct, frozen=True, array_like=True):
    """The mean rate of payments that a behaviour is configured to make, over a span of time."""

    since: int
    """Microseconds since the run's start, as is ``until``."""
    until: int
    per_second: float
    hours: tuple[float, ...] = ()
    """How the payments are spread over the hours of a day, from time zero on; empty if evenly."""

    def payments(self, end: int, time_zero: int) -> float:
        """Return how many payments it comes to until a time, which is in microseconds since the run's start."""
        day, last = day_of(self.hours), max(self.since, min(self.until, end))
        return self.per_second * (day.activity(last - time_zero) - day.activity(self.since - time_zero)) / SECOND


class ActorPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One behaviour of a host."""

    name: str
    """Unique on the host: the behaviour's name, numbered if used more than once."""
    use: str
    """The behaviour: an entry point's name, or ``./FILE.py:CLASS`` below the run directory's ``plugins``."""
    start: int
    """The time at which it begins to act."""
    role: str = ""
    """Its role (:attr:`monerosim.agent.behaviour.Behaviour.role`)."""
    config: Mapping[str, object] = {}
    hashrate: float = 0.0
    """Its weight among all miners, from its configuration; 0 for one that does not mine."""
    payments: tuple[PaymentRate, ...] = ()
    """The payments that it is configured to make, the timeline taken into account; empty for one that never pays."""


class CommandPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command of the scenario's timeline to behaviours of a host."""

    at: int
    do: str
    actor: str = ""
    """One behaviour's name; if left out, all that understand the command."""
    arguments: Mapping[str, object] = {}


class SpanPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time during which a program runs, microseconds since the run's start."""

    start: int
    end: int | None = None
    """When it is told to end; None if it runs to the run's end."""
    killed: bool = False
    """Whether it is killed then."""


class ProcessUpgradePlan(msgspec.Struct, frozen=True, kw_only=True):
    """When a program is started again as one of another version."""

    at: int
    version: str
    argv: tuple[str, ...]


class ProcessPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A real program that an engine with real programs starts on a host."""

    name: str
    argv: tuple[str, ...]
    """Program and arguments; ``{run}`` stands for the run directory, ``{python}`` for the Python interpreter."""
    start: int
    runs_to_end: bool
    """True for a daemon (still running at the end of the run), False for a program that exits by itself."""
    environment: dict[str, str] = {}
    flags: tuple[str, ...] = ()
    """The arguments that are the scenario's own."""
    needed_by: tuple[str, ...] = ()
    """The essential behaviours (``HOST/ACTOR``) that depend on this program."""
    spans: tuple[SpanPlan, ...] = ()
    """When it runs, if the timeline ends it and the engine has to know that before; else from ``start`` on."""
    upgrade: ProcessUpgradePlan | None = None


class HostPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A participant."""

    name: str
    group: str
    address: str
    """Its IPv4 address in the simulated network."""
    uses_node: str | None = None
    """The host whose node it uses: its own name if it has one, None if it uses none."""
    node: NodePlan | None = None
    wallets: tuple[WalletPlan, ...] = ()
    actors: tuple[ActorPlan, ...] = ()
    commands: tuple[CommandPlan, ...] = ()
    """In the order of their times."""
    crowd: CrowdPlan | None = None
    solo: bool = False
    """It is a miner so small that it is a user as well."""
    restarts: Mapping[str, object] = {}
    """The supervisor's limits (:class:`monerosim.plan.restarts.Restarts`)."""
    agent_start: int
    """The start of its agent (the actor system)."""
    processes: tuple[ProcessPlan, ...] = ()


class LinkPlan(msgspec.Struct, frozen=True, array_like=True):
    """A link between two places of the topology, the same both ways."""

    source: int
    target: int
    latency: int
    """One way, microseconds."""
    loss: float
    """Share of packets lost, 0 to 1."""


class TopologyPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Places, the links between them, and the place of each host."""

    bandwidth: tuple[int, ...]
    """Bits per second that a host of each place sends, and receives where there is no ``bandwidth_down``; 0 for a place
    without hosts."""
    links: tuple[LinkPlan, ...]
    """A link from a place to itself is the link between two hosts of that place."""
    places: dict[str, int]
    """Host to place."""
    bandwidth_down: tuple[int, ...] = ()
    """Bits per second that a host of each place receives, where that is not what it sends."""
    names: tuple[str, ...] = ()
    """The names of the places, where they have any."""


class DiscoveryPlan(msgspec.Struct, frozen=True, kw_only=True):
    """That nodes find their peers themselves."""

    seed_nodes: tuple[str, ...]
    """The hosts that nodes ask which know nobody else."""


class StartPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a chain has that does not begin at genesis."""

    supply: int
    """Atomic units."""
    long_term_median: int
    """Bytes."""
    short_term_median: int
    """Bytes."""


class VerificationPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How long nodes take to verify something, microseconds."""

    mean: int
    distribution: Literal["fixed", "uniform", "exponential"]
    least: int


class RelayPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How nodes relay, in the model."""

    block_verification: VerificationPlan
    transaction_verification: VerificationPlan
    stems: int
    fluff_probability: int
    """Percentage of epochs."""
    epoch: int
    epoch_range: int
    embargo: int
    """The mean, as those below."""
    flush_incoming: int
    flush_outgoing: int


class ConsensusPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The pace of blocks, and where their chain begins."""

    block_time: int
    difficulty: int
    """Of every block, or of the first ones where it is dynamic."""
    block_arrivals: str
    """``poisson`` or ``fixed``."""
    dynamic: bool = False
    """Whether the difficulty follows the timestamps of the blocks."""
    start: StartPlan | None = None
    """None if the chain begins at genesis."""
    pool_lifetime: int = 3 * 86_400 * SECOND
    """How long a transaction that no block takes stays in a node's pool."""
    hard_forks: tuple[HardForkPlan, ...] = ()
    """In the order of their heights."""
    pool_weight: int = 648_000_000
    """How much a node's pool holds, weight in bytes."""
    stems_in_blocks: bool = True
    """Whether miners take transactions in their stem phase."""


class BootstrapPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The phase before the scenario's own time.

    ``start``, then ``funding_blocks`` blocks, one every ``block_interval``, then the payments, then ``unlock_blocks``
    more blocks.
    """

    start: int
    block_interval: int
    funding_blocks: int
    """Blocks mined to the funder before it pays, for enough coins and ring members."""
    payments: int
    """Transactions that the funder sends."""
    unlock_blocks: int
    """Blocks mined after the payments until they are spendable."""
    endowment: tuple[int, ...] = ()
    """What the first block creates for the funder beyond its reward, an amount an output; nothing where the chain
    begins at genesis."""


class RecordPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is recorded of what nodes do; hosts that have a node, in the order of their names."""

    spreads: Literal["all", "sample", "quantiles"] = "all"
    """How the times are recorded at which nodes first had an item."""
    sampled: tuple[str, ...] = ()
    """The nodes whose times are recorded if ``spreads`` is ``sample``."""
    relays: tuple[str, ...] = ()
    """The nodes to and from which relays are recorded."""
    stems: tuple[str, ...] = ()
    """The nodes of which at least one has to be on a stem's way for it to be recorded."""
    txpool: tuple[str, ...] = ()
    """The nodes whose txpools are recorded."""


class AlertPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that should not happen, and who is told when it does."""

    name: str
    when: Literal["no-block", "node-behind", "payment-unconfirmed", "failure", "probe-failed"]
    after: int = 0
    """How long it has to be so, microseconds."""
    blocks: int = 0
    """How far a node is behind the best."""
    who: tuple[str, ...] = ()
    """The hosts that it is about; all if empty."""
    webhook: str = ""
    """A URL on loopback that is told."""
    command: tuple[str, ...] = ()
    """A program that is started, and its arguments."""
    fail_run: bool = False
    """Whether the run counts as failed if it happens."""


class ShadowPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The scenario's settings of Shadow."""

    compat: str = "auto"
    """The compatibility library of daemons and wallets: ``auto`` or ``off``."""
    proof_of_work: Literal["real", "skipped"] = "real"
    """Whether monerod is spared RandomX's hash, because any hash is proof enough."""
    general: Mapping[str, object] = {}
    """Added to the section of this name in shadow.yaml, as are those below."""
    experimental: Mapping[str, object] = {}
    network: Mapping[str, object] = {}
    host_option_defaults: Mapping[str, object] = {}
    host_options: Mapping[str, Mapping[str, object]] = {}
    """Options of the hosts of each group."""


class BinaryPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A program found on the machine that built the run."""

    path: str
    version: str
    left_out: dict[str, str] = {}
    """Default flags that it does not know, and the consequence of leaving each out."""
    notes: tuple[str, ...] = ()
    """Further remarks for the user."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run."""

    version: int
    events_version: int = EVENTS_VERSION
    """Of the event log that a run of it leaves."""
    monerosim: str = ""
    """The version that made it."""
    name: str
    seed: int
    engine: str
    time_zero: int
    """The beginning of the scenario's own time: the end of the bootstrap."""
    duration: int
    """The length of the scenario's own time."""
    stop: int
    """The end of the run, when the duration is over and the last items have had time to arrive."""
    consensus: ConsensusPlan
    topology: TopologyPlan
    bootstrap: BootstrapPlan | None
    hosts: tuple[HostPlan, ...]
    """In the order of their names."""
    registrar: str = ""
    """The host whose agent publishes all miners and found blocks; empty if there are no miners."""
    discovery: DiscoveryPlan | None = None
    """None if nodes have the peers that the plan names, for good."""
    letters: LettersPlan = LettersPlan()
    record: RecordPlan = RecordPlan()
    alerts: tuple[AlertPlan, ...] = ()
    relay: RelayPlan | None = None
    """None for the model's own defaults."""
    shadow: ShadowPlan = ShadowPlan()
    binaries: tuple[BinaryPlan, ...] = ()
    """Monero's programs that it runs, by path; empty until they have been looked up."""
    parameters: Mapping[str, str] = {}
    """Every value of the scenario as JSON, by the path of its keys, defaults included; quantities as people write
    them."""
    plugins: dict[str, str] = {}
    """The scenario's own Python files by their paths, and their SHA-256; the run directory has them in ``plugins``."""

    @property
    def funders(self) -> frozenset[str]:
        """The hosts that pay initial balances."""
        return frozenset(host.name for host in self.hosts if any(actor.role == FUNDER for actor in host.actors))


def payments_wanted(plan: Plan, end: int | None = None) -> float:
    """Return how many payments the behaviours of a plan mean to make.

    Args:
        plan: The plan.
        end: Until when, microseconds since the run's start; until nobody pays any more, if left out.
    """
    last = plan.time_zero + plan.duration
    last = last if end is None else min(last, end)
    rates = [rate for host in plan.hosts for actor in host.actors for rate in actor.payments]
    return sum(rate.payments(last, plan.time_zero) for rate in rates)


def encode_plan(plan: Plan) -> bytes:
    """Write a plan as JSON: sorted keys, indented, the same bytes for the same plan."""
    return msgspec.json.format(msgspec.json.encode(plan, order="deterministic"), indent=1) + b"\n"


def decode_plan(data: bytes) -> Plan:
    """Read a plan back.

    Raises:
        ValueError: The bytes are not a plan, or a plan of another version.
    """
    try:
        version = msgspec.json.decode(data, type=_Version).version
        if version != PLAN_VERSION:
            raise ValueError(f"the plan has version {version}, expected {PLAN_VERSION}: build it again")
        plan = msgspec.json.decode(data, type=Plan)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"not a plan: {error}") from error
    if plan.events_version != EVENTS_VERSION:
        raise ValueError(f"the plan's events have version {plan.events_version}, expected {EVENTS_VERSION}")
    return plan


class _Version(msgspec.Struct):
    version: int
