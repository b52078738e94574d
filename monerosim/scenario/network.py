"""The network a scenario describes."""

import re
from decimal import Decimal

from msgspec import NODEFAULT

from monerosim.plugins import PluginError, PluginFiles, names_file
from monerosim.scenario.convert import Reader, nearest, quote, show
from monerosim.scenario.model import Network
from monerosim.scenario.problems import Finding, Path
from monerosim.topology import Topology, load_topology, topology_names

_UNITS = {"bit": 1, "kbit": 10**3, "mbit": 10**6, "gbit": 10**9}
_BANDWIDTH = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s*(bit|kbit|mbit|gbit)(?:/s)?", re.IGNORECASE)
_COMMON = ("latency", "bandwidth", "loss")


def parse_bandwidth(text: str) -> int:
    """Read a bandwidth such as ``"100 Mbit"``.

    Returns:
        Bits a second.

    Raises:
        ValueError: The text is no bandwidth, or less than a bit a second.
    """
    match = _BANDWIDTH.fullmatch(text.strip())
    bits = int(Decimal(match[1]) * _UNITS[match[2].lower()]) if match else 0
    if bits < 1:
        raise ValueError(f'expected a bandwidth such as "100 Mbit" or "1 Gbit", got {text[:60]!r}')
    return bits


def read_topology(network: Network, files: PluginFiles | None = None) -> tuple[Topology | None, list[Finding]]:
    """Find the topology and configure it with its own options, and the network's where it has none.

    Args:
        network: As the scenario has it.
        files: Where the scenario's own files are.

    Returns:
        The topology, None if there are findings.
    """
    path: Path = ("network", "topology")
    findings: list[Finding] = []
    options: dict[str, object] = {}
    if isinstance(network.topology, str):
        name: object = network.topology
    else:
        options = {key: value for key, value in network.topology.items() if key != "kind"}
        name = network.topology.get("kind")
        path = (*path, "kind")
    if not isinstance(name, str):
        what = f'needs kind = "NAME", got {show(name)}'
        return None, [Finding(path=path, message=what, hint=nearest("", topology_names()))]
    if not names_file(name) and name not in topology_names():
        what = f"there is no topology {quote(name)}"
        return None, [Finding(path=path, message=what, hint=nearest(name, topology_names()))]
    try:
        kind = load_topology(name, files)
    except PluginError as error:
        return None, [Finding(path=path, message=str(error), hint=nearest(error.given, error.valid))]
    common: dict[str, object] = {key: getattr(network, key) for key in _COMMON} | options
    for where, given in ((("network",), network.bandwidth), (("network", "topology"), options.get("bandwidth"))):
        if isinstance(given, str):
            try:
                common["bandwidth"] = parse_bandwidth(given)
            except ValueError as error:
                findings.append(Finding(path=(*where, "bandwidth"), message=str(error)))
                common.pop("bandwidth", None)
    reader = Reader()
    topology = reader.read(common, kind, ("network", "topology"))
    findings += reader.findings
    if findings or topology is NODEFAULT or not isinstance(topology, Topology):
        return None, findings
    return topology, []
