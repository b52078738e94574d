"""From a scenario to a plan: a pure function, the same scenario gives the same bytes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from monerosim.agent.conditions import EVERYBODY
from monerosim.build.peers import discovering, peers_of, rate_limit
from monerosim.build.processes import AGENT, MONEROD, host_processes
from monerosim.build.rates import payment_rates
from monerosim.build.shadow_options import option_problems
from monerosim.build.spans import with_spans
from monerosim.build.turnover import turnover_commands
from monerosim.config import Amount, Config, Duration, dump_config, load_config
from monerosim.engine import Timings, load_engine
from monerosim.monero.difficulty import MAINNET
from monerosim.plan.flags import with_own
from monerosim.plan.funding import FUNDER_HOST, FundingConfig, Payee
from monerosim.plan.letters import LettersPlan
from monerosim.plan.plan import (
    PLAN_VERSION,
    ActorPlan,
    BootstrapPlan,
    CommandPlan,
    ConsensusPlan,
    CrowdPlan,
    DiscoveryPlan,
    HardForkPlan,
    HostPlan,
    NodePlan,
    Plan,
    ProcessPlan,
    RelayPlan,
    RulePlan,
    ShadowPlan,
    StartPlan,
    TopologyPlan,
    UpgradePlan,
    VerificationPlan,
    WalletPlan,
)
from monerosim.plugins import PluginError, PluginFiles
from monerosim.rpc.transport import Json
from monerosim.runtime import counters
from monerosim.runtime.collecting import rare_collection
from monerosim.runtime.rng import stable_seed
from monerosim.scenario.alerts import alert_plans
from monerosim.scenario.bootstrap import divide
from monerosim.scenario.checks import Examined
from monerosim.scenario.compose import Composition, actor_names, member_names, owners_of_nodes
from monerosim.scenario.crowds import crowd_of, nodes_of
from monerosim.scenario.funding import find_funder, payees_of
from monerosim.scenario.load import Examination, examine_scenario
from monerosim.scenario.peers import named_peers, node_addresses
from monerosim.scenario.permissions import NOTHING, Permissions
from monerosim.scenario.problems import Problem, ScenarioError, format_path
from monerosim.scenario.recording import record_plan
from monerosim.scenario.rules import RulePart
from monerosim.scenario.tables import Network, Node, Scenario, Verification, Wallet
from monerosim.scenario.timeline import members_of
from monerosim.topology import TopologyError, build_places

P2P_PORT = 18_080
"""monerod's own default on mainnet (monero's src/cryptonote_config.h), as is :data:`RPC_PORT`."""

RPC_PORT = 18_081

WALLET_PORT = 18_082
"""The first wallet's; each host has an address of its own, so hosts do not share ports."""

WALLET = "wallet"
"""What a participant's wallet is called among its processes."""

_NODE_READY = (1_000_000, 70_000_000)
"""Wide enough that some agents come before their daemon: the race that real programs start in is played in any run."""

_SEED_NODES = 3

_WALLET_READY = (500_000, 2_000_000)


class _Member(msgspec.Struct, frozen=True, kw_only=True):
    """A host on the way to its plan."""

    name: str
    group: str
    index: int
    composition: Composition
    uses_node: str | None


@rare_collection()
def compile_plan(
    scenario: Scenario | Examination, files: PluginFiles | None = None, permissions: Permissions = NOTHING
) -> Plan:
    """Resolve everything a scenario leaves open.

    Args:
        scenario: From a file or composed in Python; one that has been examined is not examined again.
        files: Where its own files are, of one that has not; below the working directory, if left out.
        permissions: What the user allows it, likewise.

    Raises:
        ScenarioError: Something is wrong with it; all errors are in ``problems``.
    """
    examination = examine_scenario(scenario, files, permissions) if isinstance(scenario, Scenario) else scenario
    examination.require()
    scenario, files, result = examination.scenario, examination.files, examination.result
    members = _members(scenario, result.composed)
    time_zero = max(result.bootstrap_length, int(scenario.simulation.bootstrap or 0))
    hosts = _hosts(scenario, result, members, time_zero)
    if result.bootstrap is not None:
        hosts.append(_funder(scenario, result, members, result.bootstrap))
    hosts = _connect(scenario, sorted(hosts, key=lambda host: host.name), files)
    consensus = _consensus(scenario, result)
    by_name = {host.name: host for host in hosts}
    record = record_plan(scenario, hosts)
    messages = bool(record.relays or record.stems)
    needed_by = _needed_by(members)
    stop = time_zero + scenario.simulation.duration + scenario.simulation.cooldown
    if wrong := option_problems(scenario, stop):
        raise ScenarioError(wrong)
    plan = Plan(
        version=PLAN_VERSION,
        name=scenario.simulation.name,
        seed=scenario.simulation.seed,
        engine=scenario.simulation.engine,
        time_zero=time_zero,
        duration=int(scenario.simulation.duration),
        stop=stop,
        consensus=consensus,
        topology=_topology(result, list(by_name), scenario.simulation.seed),
        bootstrap=result.bootstrap,
        registrar=_registrar(members),
        hosts=tuple(
            msgspec.structs.replace(host, processes=_processes(host, consensus, by_name, needed_by, messages=messages))
            for host in hosts
        ),
        discovery=_discovery(scenario, hosts),
        letters=LettersPlan(delay=int(scenario.letters.delay), interval=int(scenario.letters.interval)),
        record=record,
        alerts=alert_plans(scenario, hosts),
        relay=_relay(scenario.network),
        shadow=ShadowPlan(
            compat=scenario.shadow.compat,
            proof_of_work=_proof_of_work(scenario, consensus.difficulty),
            general=scenario.shadow.general,
            experimental=scenario.shadow.experimental,
            network=scenario.shadow.network,
            host_option_defaults=scenario.shadow.host_option_defaults,
            host_options=scenario.shadow.host_options,
        ),
        plugins=files.digests(),
        # What a sweep varies is of no single run.
        parameters=dict(_flatten({key: value for key, value in dump_config(scenario).items() if key != "sweep"})),
    )
    return with_spans(plan, result.composed) if load_engine(plan.engine).scheduled_conditions else plan


def _consensus(scenario: Scenario, result: Examined) -> ConsensusPlan:
    consensus, named = scenario.consensus, zip(scenario.rules.hard_forks, result.rules.forks, strict=True)
    forks = [HardForkPlan(height=fork.height, since=fork.since, rules=_rules(rules)) for fork, rules in named]
    start, difficulty = consensus.chain_start, consensus.difficulty
    if difficulty == "dynamic":
        difficulty = start.difficulty if start is not None and start.difficulty is not None else MAINNET
    return ConsensusPlan(
        block_time=int(consensus.block_time),
        difficulty=difficulty,
        block_arrivals=consensus.block_arrivals,
        dynamic=consensus.is_dynamic,
        start=None
        if start is None
        else StartPlan(
            supply=int(start.supply),
            long_term_median=start.long_term_median,
            short_term_median=start.short_term_median,
        ),
        pool_lifetime=int(consensus.pool_lifetime),
        hard_forks=tuple(sorted(forks, key=lambda fork: fork.height)),
        pool_weight=consensus.pool_weight,
        stems_in_blocks=consensus.stems_in_blocks,
    )


def _rules(parts: Sequence[RulePart]) -> tuple[RulePlan, ...]:
    return tuple(RulePlan(use=part.use, config=_plain(part.rule)) for part in parts if not part.is_monerods)


def _flatten(table: Mapping[str, object], path: str = "") -> Iterator[tuple[str, str]]:
    """Return the values of nested tables as JSON, each with the path of its keys as a scenario has them."""
    for key, value in table.items():
        # The keys of a participant's only behaviour stand among its own.
        below = path if key == "settings" else f"{path}.{key}" if path else key
        if isinstance(value, Mapping) and (value or below == path):
            yield from _flatten(value, below)
        else:
            yield below, msgspec.json.encode(value, order="deterministic").decode()


def _proof_of_work(scenario: Scenario, difficulty: int) -> Literal["real", "skipped"]:
    """Return whether nodes do without RandomX's hash: at difficulty 1, any hash is proof enough."""
    shadow = scenario.shadow
    wanted = shadow.proof_of_work == "auto" and shadow.compat == "auto" and difficulty == 1
    return "skipped" if wanted and load_engine(scenario.simulation.engine).skips_proof_of_work else "real"


def _relay(network: Network) -> RelayPlan:
    dandelion = network.dandelion
    return RelayPlan(
        block_verification=_verification(network.relay.block_verification),
        transaction_verification=_verification(network.relay.transaction_verification),
        stems=dandelion.stems,
        fluff_probability=dandelion.fluff_probability,
        epoch=int(dandelion.epoch),
        epoch_range=int(dandelion.epoch_range),
        embargo=int(dandelion.embargo),
        flush_incoming=int(dandelion.flush_incoming),
        flush_outgoing=int(dandelion.flush_outgoing),
    )


def _verification(times: Verification) -> VerificationPlan:
    return VerificationPlan(mean=int(times.mean), distribution=times.distribution, least=int(times.least))


def _members(scenario: Scenario, composed: Mapping[str, Composition]) -> list[_Member]:
    members = []
    for group, composition in sorted(composed.items()):
        own = isinstance(composition.node, Node)
        shared: Sequence[str] = ()
        if isinstance(composition.node, str):
            shared = owners_of_nodes(scenario, composed, composition.node) or ()
        for index, name in enumerate(member_names(group, scenario.participants[group].count)):
            uses = name if own else shared[index % len(shared)] if shared else None
            members.append(_Member(name=name, group=group, index=index, composition=composition, uses_node=uses))
    return members


def _needed_by(members: Sequence[_Member]) -> dict[tuple[str, str], list[str]]:
    """Find the programs that essential behaviours cannot do without: host and process, to the behaviours.

    The funder is not among them: it is done when the scenario's own time begins.
    """
    needed: dict[tuple[str, str], list[str]] = {}
    for member in members:
        parts = member.composition.parts
        for name, part in zip(actor_names(parts), parts, strict=True):
            if not part.behaviour.essential:
                continue
            programs = [(member.name, AGENT)]
            if "wallet" in part.behaviour.needs:
                programs.append((member.name, WALLET))
            # A wallet asks a node.
            if part.behaviour.needs and member.uses_node is not None:
                programs.append((member.uses_node, MONEROD))
            for program in programs:
                needed.setdefault(program, []).append(f"{member.name}/{name}")
    return needed


def _registrar(members: Sequence[_Member]) -> str:
    """Choose the host that publishes who mines and what was found: the block controller's, or the first that mines."""
    finders = [
        (not any(part.is_controller for part in member.composition.parts), member.name)
        for member in members
        if any(part.is_miner or part.is_controller for part in member.composition.parts)
    ]
    return min(finders, default=(True, ""))[1]


def _processes(
    host: HostPlan,
    consensus: ConsensusPlan,
    hosts: Mapping[str, HostPlan],
    needed_by: Mapping[tuple[str, str], Sequence[str]],
    *,
    messages: bool,
) -> tuple[ProcessPlan, ...]:
    return tuple(
        msgspec.structs.replace(process, needed_by=tuple(needed_by.get((host.name, process.name), ())))
        for process in host_processes(host, consensus, hosts, messages=messages)
    )


def _hosts(scenario: Scenario, result: Examined, members: Sequence[_Member], time_zero: int) -> list[HostPlan]:
    timings, commands = result.timings, _commands(scenario, members, time_zero)
    own_time = range(time_zero, time_zero + scenario.simulation.duration)
    hosts = []
    for member in members:
        participant = scenario.participants[member.group]
        told = tuple(commands.get(member.name, ()))
        begin = time_zero + participant.start + participant.stagger * member.index
        controls = any(part.is_controller for part in member.composition.parts)
        wallet = member.composition.wallet
        hosts.append(
            HostPlan(
                name=member.name,
                group=member.group,
                address="",
                uses_node=member.uses_node,
                node=_node(scenario, member, own, result.rules.of(member.group), time_zero)
                if isinstance(own := member.composition.node, Node)
                else None,
                wallets=(_wallet(scenario, member.name, wallet, member.uses_node, timings),)
                if wallet is not None and member.uses_node is not None
                else (),
                actors=_actors(member.composition, begin, told, own_time),
                commands=told,
                crowd=_crowd(scenario, result, member),
                solo=member.composition.solo,
                restarts=_plain(participant.restarts) if participant.restarts is not None else {},
                agent_start=timings.controller_start if controls else timings.agent_start,
            )
        )
    return hosts


def _actors(composition: Composition, start: int, commands: Sequence[CommandPlan], own: range) -> tuple[ActorPlan, ...]:
    """Name each actor after its behaviour, with a number where there are several of it.

    Args:
        composition: What the host is composed of.
        start: When it begins to act.
        commands: What it is told by the timeline.
        own: The scenario's own time, in microseconds since the run's start.
    """
    actors = []
    for name, part in zip(actor_names(composition.parts), composition.parts, strict=True):
        try:
            payments = payment_rates(name, part, start, commands, time_zero=own.start, end=own.stop)
        except PluginError as error:
            message = f'the actor "{part.use}" {error}'
            raise ScenarioError([Problem(place=format_path(part.path), message=message)]) from error
        actors.append(
            ActorPlan(
                name=name,
                use=part.use,
                start=start,
                role=part.behaviour.role,
                config=_plain(part.config),
                hashrate=part.hashrate,
                payments=payments,
            )
        )
    return tuple(actors)


def _commands(scenario: Scenario, members: Sequence[_Member], time_zero: int) -> dict[str, list[CommandPlan]]:
    """Resolve whom the timeline tells what, in the order of the times."""
    commands: dict[str, list[CommandPlan]] = {}
    for entry in sorted(scenario.timeline, key=lambda entry: entry.at):
        command = CommandPlan(at=time_zero + entry.at, do=entry.do, actor=entry.actor, arguments=entry.arguments)
        # Who tells the network as a whole does not matter.
        first = sorted(name for name, it in scenario.participants.items() if it.count)[:1]
        for host in members_of(scenario, entry.who) if entry.who != EVERYBODY else members_of(scenario, *first)[:1]:
            commands.setdefault(host, []).append(command)
    network, simulation = scenario.network, scenario.simulation
    among = {host for who in network.turnover.among for host in members_of(scenario, who)}
    nodes = [it.name for it in members if it.uses_node == it.name and (not network.turnover.among or it.name in among)]
    span = {"begin": time_zero, "duration": int(simulation.duration)}
    for host, command in turnover_commands(network.turnover, nodes, simulation.seed, **span):
        commands.setdefault(host, []).append(command)
    return {host: sorted(told, key=lambda command: command.at) for host, told in commands.items()}


def _node(scenario: Scenario, member: _Member, node: Node, rules: Sequence[RulePart], time_zero: int) -> NodePlan:
    flags, own = with_own(scenario.binaries.monerod_flags, node.flags), node.upgrade
    return NodePlan(
        p2p_port=P2P_PORT,
        rpc_port=RPC_PORT,
        start=int(scenario.simulation.node_start),
        ready_after=_between(_NODE_READY, scenario.simulation.seed, member.name, "monerod ready"),
        peers=(),
        version=node.version or scenario.network.version,
        reach=node.reach or _reach(scenario, member.name),
        binary=node.binary or scenario.binaries.monerod,
        flags=flags,
        upgrade=None
        if own is None
        else UpgradePlan(
            at=time_zero + own.at + own.stagger * member.index, version=own.version, binary=own.binary or ""
        ),
        rules=_rules(rules),
        rate_limit=rate_limit(flags),
    )


def _reach(scenario: Scenario, host: str) -> Literal["reachable", "unreachable", "hidden"]:
    """Draw whether a node can be dialled."""
    network = scenario.network
    drawn = counters.key(scenario.simulation.seed, "reach", host) / 2**64
    if drawn < network.unreachable:
        return "unreachable"
    return "hidden" if drawn < network.unreachable + network.hidden else "reachable"


def _wallet(scenario: Scenario, host: str, wallet: Wallet, node: str, timings: Timings) -> WalletPlan:
    return WalletPlan(
        name=WALLET,
        rpc_port=WALLET_PORT,
        start=timings.wallet_start,
        ready_after=_between(_WALLET_READY, scenario.simulation.seed, host, "wallet ready"),
        node=node,
        addresses=wallet.addresses,
        initial_balance=int(wallet.initial_balance),
        binary=wallet.binary or scenario.binaries.wallet,
        flags=with_own(scenario.binaries.wallet_flags, wallet.flags),
    )


def _crowd(scenario: Scenario, result: Examined, member: _Member) -> CrowdPlan | None:
    """Return the wallets that one of a member's behaviours keeps; it has one such at most."""
    crowd = next((found for part in member.composition.parts if (found := crowd_of(part)) is not None), None)
    if crowd is None or member.uses_node is None:
        return None
    return CrowdPlan(
        users=crowd.users,
        initial_balance=crowd.initial_balance,
        outputs=crowd.outputs,
        nodes=tuple(nodes_of(scenario, result.composed, crowd)) or (member.uses_node,),
        ready_at=result.timings.wallet_start + _between(_WALLET_READY, scenario.simulation.seed, member.name, "crowd"),
    )


def _funder(scenario: Scenario, result: Examined, members: Sequence[_Member], bootstrap: BootstrapPlan) -> HostPlan:
    """Add the host that pays the initial balances; it uses a miner's node, or else the first there is."""
    owners = sorted((member for member in members if member.uses_node == member.name), key=lambda member: member.name)
    miners = [member for member in owners if any(part.hashrate for part in member.composition.parts)]
    node = (miners or owners)[0].name
    config = FundingConfig(
        funding_blocks=bootstrap.funding_blocks,
        block_interval=Duration(bootstrap.block_interval),
        unlock_blocks=bootstrap.unlock_blocks,
        payees=tuple(
            Payee(participant=payee.participant, amount=Amount(payee.amount))
            for payee in divide(payees_of(scenario, result.composed))
        ),
    )
    name, behaviour = find_funder()
    plain = _plain(load_config(dump_config(config), behaviour.Config))
    return HostPlan(
        name=FUNDER_HOST,
        group=FUNDER_HOST,
        address="",
        uses_node=node,
        wallets=(_wallet(scenario, FUNDER_HOST, Wallet(), node, result.timings),),
        actors=(ActorPlan(name=name, use=name, start=bootstrap.start, role=behaviour.role, config=plain),),
        # Started again, it would pay everybody again.
        restarts={"max_restarts": 0},
        agent_start=result.timings.agent_start,
    )


def _connect(scenario: Scenario, hosts: Sequence[HostPlan], files: PluginFiles) -> list[HostPlan]:
    """Give the hosts their addresses and the nodes their peers."""
    nodes = {host.name: host.node for host in hosts if host.node is not None}
    wanted = dict.fromkeys(nodes, scenario.network.connections)
    for group, participant in scenario.participants.items():
        if isinstance(participant.node, Node) and participant.node.connections is not None:
            wanted |= dict.fromkeys(member_names(group, participant.count), participant.node.connections)
    engine = load_engine(scenario.simulation.engine)
    given = dict(zip((host.name for host in hosts), engine.addresses(len(hosts)), strict=True))
    if "participants.*.node.subnets" not in engine.unheeded:
        given |= node_addresses(scenario, list(nodes))
    if scenario.network.peers == "discovered":
        nodes = {name: discovering(node, wanted[name]) for name, node in nodes.items()}
    else:
        named = None if scenario.network.peers == "random" else named_peers(scenario, files)
        chosen = peers_of(nodes, wanted, scenario.simulation.seed) if named is None else named
        nodes = {name: msgspec.structs.replace(node, peers=chosen.get(name, ())) for name, node in nodes.items()}
    return [msgspec.structs.replace(host, address=given[host.name], node=nodes.get(host.name)) for host in hosts]


def _discovery(scenario: Scenario, hosts: Sequence[HostPlan]) -> DiscoveryPlan | None:
    """Choose the seed nodes: those that the scenario names, or three that can be dialled, drawn by the seed."""
    if scenario.network.peers != "discovered":
        return None
    named = {member for name in scenario.network.seed_nodes for member in members_of(scenario, name)}
    nodes = {host.name: host.node for host in hosts if host.node is not None}
    there = [name for name, node in nodes.items() if node.dials and node.reach == "reachable"]
    drawn = sorted(there, key=lambda name: counters.key(scenario.simulation.seed, "seed node", name))[:_SEED_NODES]
    return DiscoveryPlan(seed_nodes=tuple(name for name in nodes if name in named) or tuple(sorted(drawn)))


def _topology(result: Examined, hosts: Sequence[str], seed: int) -> TopologyPlan:
    if result.places is not None:
        return result.places
    if result.topology is None:
        raise ValueError(f"the network was checked, and yet: {result.findings}")
    try:
        return build_places(result.topology, hosts, seed=seed)
    except TopologyError as error:
        raise ScenarioError([Problem(place="network.topology", message=str(error))]) from error


def _plain(config: Config) -> dict[str, Json]:
    """Write a configuration as JSON would have it: arrays for tuples."""
    data: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(dump_config(config)))
    return data


def _between(bounds: tuple[int, int], *parts: str | int) -> int:
    """Choose a number of milliseconds between bounds in microseconds, the same for the same parts."""
    low, high = bounds
    return low + stable_seed(*parts) % ((high - low) // 1_000 + 1) * 1_000
