"""The plan: a scenario with everything resolved. Plain data, written as JSON, versioned.

Times are integer microseconds since the run's start, amounts atomic units. A run begins with the bootstrap; the
scenario's own time begins at :attr:`Plan.time_zero`.
"""

from collections.abc import Mapping

import msgspec

PLAN_VERSION = 2
"""Raised whenever a reader of an older plan would misread a newer one."""


class NodePlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A host's own monerod."""

    p2p_port: int
    rpc_port: int
    start: int
    """When the daemon is started."""
    ready_after: int
    """How long the modelled daemon takes until it answers."""
    peers: tuple[str, ...]
    """The hosts it dials (its outgoing connections)."""
    binary: str = "monerod"
    """The program, as the scenario has it: a name on PATH, or a file."""
    flags: tuple[str, ...] = ()
    """The scenario's own flags for it."""


class WalletPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One monero-wallet-rpc of a host."""

    name: str
    rpc_port: int
    start: int
    ready_after: int
    node: str
    """The host whose node it asks."""
    addresses: int = 1
    """How many addresses it has: a marketplace's vendors have one each."""
    initial_balance: int = 0
    binary: str = "monero-wallet-rpc"
    """The program, as the scenario has it: a name on PATH, or a file."""
    flags: tuple[str, ...] = ()
    """The scenario's own flags for it."""


class PaymentRate(msgspec.Struct, frozen=True, array_like=True):
    """How many payments a behaviour means to make on average, in a span of time."""

    since: int
    """Microseconds since the run's start, as is ``until``."""
    until: int
    per_second: float


class ActorPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One behaviour of a host."""

    name: str
    """Unique in the host: the behaviour's name, numbered where used more than once."""
    use: str
    """The behaviour: an entry point's name, or ``./FILE.py:CLASS`` below the run directory's ``plugins``."""
    start: int
    """When it begins to act."""
    role: str = ""
    """What it is (:attr:`monerosim.agent.behaviour.Behaviour.role`), whichever behaviour it is."""
    config: Mapping[str, object] = {}
    hashrate: float = 0.0
    """What its configuration makes its share of the hashrate; 0 for one that does not mine."""
    payments: tuple[PaymentRate, ...] = ()
    """The payments that it means to make, with the timeline taken into account; none for one that pays nobody."""


class CommandPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that behaviours of a host are told to do, from the scenario's timeline."""

    at: int
    do: str
    actor: str = ""
    """One behaviour's name; all that understand the command, if left out."""
    arguments: Mapping[str, object] = {}


class ProcessPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A real program that an engine with real programs starts on a host."""

    name: str
    argv: tuple[str, ...]
    """Program and arguments; ``{run}`` stands for the run directory, ``{python}`` for the Python interpreter."""
    start: int
    runs_to_end: bool
    """True for a daemon (still running when the run stops), False for a program that ends by itself."""
    environment: dict[str, str] = {}
    flags: tuple[str, ...] = ()
    """Those of its arguments that are the scenario's own."""
    needed_by: tuple[str, ...] = ()
    """The behaviours (``HOST/ACTOR``) that a run is pointless without and that cannot do without this program."""


class HostPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A participant."""

    name: str
    group: str
    address: str
    """Its IPv4 address in the simulated network."""
    uses_node: str | None = None
    """The host whose node it uses: its own name where it has one, None where it uses none."""
    node: NodePlan | None = None
    wallets: tuple[WalletPlan, ...] = ()
    actors: tuple[ActorPlan, ...] = ()
    commands: tuple[CommandPlan, ...] = ()
    """In the order of their times."""
    solo: bool = False
    """Whether it is a miner so small that it is a user as well."""
    restarts: Mapping[str, object] = {}
    """The supervisor's limits (:class:`monerosim.plan.restarts.Restarts`)."""
    agent_start: int
    """When its agent (the actor system) is started."""
    processes: tuple[ProcessPlan, ...] = ()


class LinkPlan(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What lies between two places of the topology, the same both ways."""

    source: int
    target: int
    latency: int
    """Microseconds one way."""
    loss: float
    """Share of packets lost, 0 to 1."""


class TopologyPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Places, what lies between them, and which host is at which place."""

    bandwidth: tuple[int, ...]
    """Bits a second up and down, one a place."""
    links: tuple[LinkPlan, ...]
    """A link from a place to itself is what lies between two hosts of that place."""
    places: dict[str, int]
    """Host to place."""


class ConsensusPlan(msgspec.Struct, frozen=True, kw_only=True):
    """When blocks come."""

    block_time: int
    difficulty: int
    block_arrivals: str
    """``poisson`` or ``fixed``."""


class BootstrapPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The phase before the scenario's own time.

    ``start``, then ``funding_blocks`` blocks, one every ``block_interval``, then the payments, then ``unlock_blocks``
    more blocks.
    """

    start: int
    block_interval: int
    funding_blocks: int
    """Blocks mined to the funder before it pays: coins enough, and ring members enough."""
    payments: int
    """Transactions the funder sends."""
    unlock_blocks: int
    """Blocks mined after the payments, until they are spendable."""


class ShadowPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the scenario says about Shadow."""

    compat: str = "auto"
    """Whether daemons and wallets get the compatibility library: ``auto`` or ``off``."""
    general: Mapping[str, object] = {}
    """Added to the section of this name in shadow.yaml, in Shadow's own names, as are those below."""
    experimental: Mapping[str, object] = {}
    network: Mapping[str, object] = {}
    host_option_defaults: Mapping[str, object] = {}
    host_options: Mapping[str, Mapping[str, object]] = {}
    """Of the hosts of each group, likewise."""


class BinaryPlan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A program that was found on the machine on which a run was built."""

    path: str
    version: str
    left_out: dict[str, str] = {}
    """Usual flags that it does not know, and what it means to do without."""
    notes: tuple[str, ...] = ()
    """What else is to be told of it."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run."""

    version: int
    name: str
    seed: int
    engine: str
    time_zero: int
    """When the scenario's own time begins: the end of the bootstrap."""
    duration: int
    """How long the scenario's own time is."""
    stop: int
    """When the run ends: the duration is over and what was under way has arrived."""
    consensus: ConsensusPlan
    topology: TopologyPlan
    bootstrap: BootstrapPlan | None
    hosts: tuple[HostPlan, ...]
    """In the order of their names."""
    registrar: str = ""
    """The host whose agent publishes all miners and all blocks that were found; none where nobody finds blocks."""
    shadow: ShadowPlan = ShadowPlan()
    binaries: tuple[BinaryPlan, ...] = ()
    """The programs of Monero that it runs, by path; none until they have been looked up."""
    plugins: dict[str, str] = {}
    """The scenario's own Python files by their paths, and their SHA-256; the run directory has them in ``plugins``."""


def encode_plan(plan: Plan) -> bytes:
    """Write a plan as JSON: sorted keys, indented, the same bytes for the same plan."""
    return msgspec.json.format(msgspec.json.encode(plan, order="deterministic"), indent=1) + b"\n"


def decode_plan(data: bytes) -> Plan:
    """Read a plan back.

    Raises:
        ValueError: The bytes are no plan, or one of another version.
    """
    try:
        version = msgspec.json.decode(data, type=_Version).version
        if version != PLAN_VERSION:
            raise ValueError(f"the plan is of version {version}, this reads version {PLAN_VERSION}: build it again")
        return msgspec.json.decode(data, type=Plan)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a plan: {error}") from error


class _Version(msgspec.Struct):
    version: int
