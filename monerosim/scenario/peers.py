"""Who dials whom, who can be dialled, and in which subnets nodes are."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from monerosim.engine import Engine
from monerosim.plugins import PluginError, PluginFiles
from monerosim.runtime.counters import key
from monerosim.scenario.compose import Composition, group_of, member_names
from monerosim.scenario.mentions import nobody
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario
from monerosim.scenario.timeline import members_of

MAX_BYTES = 2**26
"""The largest file of peers that is read."""

_TRIES = 100


class PeersFileError(ValueError):
    """A file of peers cannot be used; the message is for the user."""


def peer_problems(
    scenario: Scenario, composed: Mapping[str, Composition], files: PluginFiles, engine: Engine | None
) -> Iterator[RawProblem]:
    """Check what the scenario says of peers."""
    network = scenario.network
    if network.peers == "discovered" and engine is not None and engine.real_programs:
        message = (
            f"the engine {scenario.simulation.engine} plays peers that the scenario names or that are drawn, not "
            "discovered ones: a monerod without exclusive nodes would look for the real network"
        )
        yield RawProblem(path=("network", "peers"), message=message, depends_on=(("simulation", "engine"),))
    if network.unreachable + network.hidden > 1:
        yield RawProblem(path=("network", "hidden"), message="unreachable and hidden nodes are more than all")
    yield from _without_effect(scenario)
    yield from _named(scenario, composed)
    for name, participant in scenario.participants.items():
        for index, text in enumerate(participant.node.subnets if isinstance(participant.node, Node) else ()):
            if _subnet(text) is None:
                here: Path = ("participants", name, "node", "subnets", index)
                yield RawProblem(path=here, message='expected a subnet of 2 to 30 bits such as "5.6.0.0/16"')
    if network.peers == "file" and network.peers_file:
        try:
            _read(scenario, composed, files)
        except PeersFileError as error:
            yield RawProblem(path=("network", "peers_file"), message=str(error), depends_on=(("participants",),))


def _without_effect(scenario: Scenario) -> Iterator[RawProblem]:
    network = scenario.network
    keys: list[tuple[Path, bool, str]] = [
        (("network", "peers_file"), bool(network.peers_file), "file"),
        (("network", "seed_nodes"), bool(network.seed_nodes), "discovered"),
    ]
    for name, participant in scenario.participants.items():
        if isinstance(participant.node, Node):
            keys.append((("participants", name, "node", "peers"), bool(participant.node.peers), "explicit"))
    for path, given, needed in keys:
        if given and network.peers != needed:
            message = f'has no effect unless [network] has peers = "{needed}"'
            yield RawProblem(path=path, message=message, severity="warning", depends_on=(("network", "peers"),))
    if network.peers == "file" and not network.peers_file:
        message = 'is missing: with peers = "file" it names the file'
        yield RawProblem(path=("network", "peers_file"), message=message, depends_on=(("network", "peers"),))


def _named(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Check that the peers of a node and seed nodes have a node of their own."""
    listed: list[tuple[Path, Sequence[str]]] = [(("network", "seed_nodes"), scenario.network.seed_nodes)]
    for name, participant in scenario.participants.items():
        if isinstance(participant.node, Node):
            listed.append((("participants", name, "node", "peers"), participant.node.peers))
    for path, names in listed:
        for index, name in enumerate(names):
            group = name if name in composed else group_of(scenario, name)
            if group is not None and not isinstance(composed[group].node, Node):
                depends_on: tuple[Path, ...] = tuple(("participants", group, it) for it in ("kind", "node"))
                message = f'"{name}" has no node of its own'
                yield RawProblem(path=(*path, index), message=message, depends_on=depends_on)
            elif group is None:
                yield nobody((*path, index), name, composed)


def named_peers(scenario: Scenario, files: PluginFiles) -> dict[str, tuple[str, ...]]:
    """Return whom each node dials, as the scenario or its file of peers has it.

    Raises:
        PeersFileError: The file cannot be used.
    """
    if scenario.network.peers == "file":
        return _read(scenario, None, files)
    found: dict[str, tuple[str, ...]] = {}
    for group, participant in scenario.participants.items():
        if not isinstance(participant.node, Node):
            continue
        peers = dict.fromkeys(peer for name in participant.node.peers for peer in members_of(scenario, name))
        for member in member_names(group, participant.count):
            found[member] = tuple(peer for peer in peers if peer != member)
    return found


def _read(
    scenario: Scenario, composed: Mapping[str, Composition] | None, files: PluginFiles
) -> dict[str, tuple[str, ...]]:
    name = scenario.network.peers_file
    try:
        lines = files.read(name, MAX_BYTES).decode().splitlines()
    except (PluginError, UnicodeDecodeError) as error:
        raise PeersFileError(str(error)) from error
    found: dict[str, dict[str, None]] = {}
    for number, line in enumerate(lines, 1):
        pair = line.partition("#")[0].replace(",", " ").split()
        if not pair:
            continue
        if len(pair) != 2 or pair[0] == pair[1]:  # noqa: PLR2004
            raise PeersFileError(f"{name}:{number}: expected two different participants, DIALER LISTENER")
        for host in pair:
            if composed is not None and not _owns(scenario, composed, host):
                raise PeersFileError(f'{name}:{number}: there is no participant "{host[:40]}" with a node of its own')
        if pair[1] in found.setdefault(pair[0], {}):
            raise PeersFileError(f"{name}:{number}: {pair[0]} dials {pair[1]} twice")
        found[pair[0]][pair[1]] = None
    return {host: tuple(peers) for host, peers in found.items()}


def _owns(scenario: Scenario, composed: Mapping[str, Composition], host: str) -> bool:
    """Return whether a name is that of one participant with a node of its own."""
    group = host if host in composed else group_of(scenario, host)
    return group is not None and isinstance(composed[group].node, Node) and members_of(scenario, host) == [host]


def node_addresses(scenario: Scenario, nodes: Sequence[str]) -> dict[str, str]:
    """Draw the addresses of nodes: in their subnets, or anywhere if peers are discovered, which heed subnets.

    Returns:
        By host; empty for those that have their engine's.
    """
    subnets: dict[str, IPv4Network] = {}
    for group, participant in scenario.participants.items():
        listed = [_subnet(text) for text in participant.node.subnets] if isinstance(participant.node, Node) else []
        for index, member in enumerate(member_names(group, participant.count) if listed else ()):
            subnet = listed[index % len(listed)]
            if subnet is not None:
                subnets[member] = subnet
    everywhere = IPv4Network("0.0.0.0/0") if scenario.network.peers == "discovered" else None
    taken: set[int] = set()
    found = {}
    for name in nodes:
        subnet = subnets.get(name, everywhere)
        if subnet is not None:
            address = _draw(scenario.simulation.seed, name, subnet, taken)
            taken.add(address)
            found[name] = str(IPv4Address(address))
    return found


def _draw(seed: int, name: str, subnet: IPv4Network, taken: set[int]) -> int:
    """Draw an address of a subnet that nobody has, and, of all there are, one of the public ones."""
    for attempt in range(_TRIES):
        address = IPv4Address(int(subnet.network_address) + key(seed, "address", name, attempt) % subnet.num_addresses)
        if int(address) not in taken and (subnet.prefixlen or (address.is_global and not address.is_multicast)):
            return int(address)
    return next(address for address in range(int(subnet.network_address), 2**32) if address not in taken)


def _subnet(text: str) -> IPv4Network | None:
    try:
        subnet = IPv4Network(text)
    except (AddressValueError, NetmaskValueError, ValueError):
        return None
    return subnet if 2 <= subnet.prefixlen <= 30 else None  # noqa: PLR2004
