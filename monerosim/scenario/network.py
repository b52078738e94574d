"""The network a scenario describes."""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET

from monerosim.plugins import PluginFiles
from monerosim.scenario.convert import Reader
from monerosim.scenario.named import load_named
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Network
from monerosim.topology import Topology
from monerosim.topology.registry import TOPOLOGIES
from monerosim.units import parse_bandwidth

_COMMON = ("latency", "bandwidth", "loss")


def read_topology(network: Network, files: PluginFiles | None = None) -> tuple[Topology | None, list[RawProblem]]:
    """Find the topology and configure it with its own options, and the network's where it has none.

    Args:
        network: As the scenario has it.
        files: Where the scenario's own files are.

    Returns:
        The topology, None if there are findings.
    """
    path: Path = ("network", "topology")
    findings: list[RawProblem] = []
    name: object = network.topology
    options: dict[str, object] = {}
    if isinstance(name, Mapping):
        options = {key: value for key, value in name.items() if key != "kind"}
        path, name = (*path, "kind"), name.get("kind")
    kind = load_named(TOPOLOGIES, name, path, files, findings)
    inherited = kind.inherits if kind is not None else _COMMON
    values = {key: getattr(network, key) for key in _COMMON if key in inherited} | options
    for where, given in ((("network",), network.bandwidth), (("network", "topology"), options.get("bandwidth"))):
        if given is not None:
            here = (*where, "bandwidth")
            try:
                bits = parse_bandwidth(given) if isinstance(given, str) else given
                if len(where) > 1 or "bandwidth" in inherited:
                    values["bandwidth"] = bits
            except ValueError as error:
                findings.append(RawProblem(path=here, message=str(error), unreadable=(here,)))
                values["bandwidth"] = UNSET
    if kind is None:
        return None, findings
    reader = Reader()
    topology = reader.read(values, kind, ("network", "topology"))
    findings += [_at_its_place(finding, options) for finding in reader.findings]
    return (topology, []) if not findings and isinstance(topology, Topology) else (None, findings)


def _at_its_place(finding: RawProblem, options: Mapping[str, object]) -> RawProblem:
    """Report a value that is not the topology's own where it is: in ``[network]``."""
    key = finding.path[2:3]
    if not key or key[0] in options or key[0] not in _COMMON:
        return finding
    return msgspec.structs.replace(finding, path=("network", *finding.path[2:]))
