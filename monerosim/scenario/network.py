"""The network a scenario describes."""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import UNSET

from monerosim.plugins import PluginError, PluginFiles, names_file
from monerosim.scenario.convert import Reader, nearest, quote, show
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Network
from monerosim.topology import Topology, load_topology, topology_names

_PREFIXES = {
    "": 1,
    **dict.fromkeys(("k", "kilo"), 10**3),
    **dict.fromkeys(("m", "mega"), 10**6),
    **dict.fromkeys(("g", "giga"), 10**9),
    **dict.fromkeys(("t", "tera"), 10**12),
    **dict.fromkeys(("ki", "kibi"), 2**10),
    **dict.fromkeys(("mi", "mebi"), 2**20),
    **dict.fromkeys(("gi", "gibi"), 2**30),
    **dict.fromkeys(("ti", "tebi"), 2**40),
}
_BANDWIDTH = re.compile(
    rf"([0-9]{{1,12}}(?:\.[0-9]{{1,12}})?)\s*({'|'.join(_PREFIXES)})(?:bits?(?:/s|/sec|/second|ps)?|(?-i:b)ps)",
    re.IGNORECASE,
)
_COMMON = ("latency", "bandwidth", "loss")


def parse_bandwidth(text: str) -> int:
    """Read a bandwidth such as ``"100 Mbit"``.

    Returns:
        Bits a second.

    Raises:
        ValueError: The text is no bandwidth, or less than a bit a second.
    """
    match = _BANDWIDTH.fullmatch(text.strip())
    bits = int(Decimal(match[1]) * _PREFIXES[match[2].lower()]) if match else 0
    if bits < 1:
        raise ValueError(
            f'expected a bandwidth such as "100 Mbit" or "1 Gbit", got {text[:60]!r} '
            "(units: bit, kbit, Mbit, Gbit, Tbit, Kibit, Mibit, Gibit, Tibit, and their names)"
        )
    return bits


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
    values = {key: getattr(network, key) for key in _COMMON} | options
    for where, given in ((("network",), network.bandwidth), (("network", "topology"), options.get("bandwidth"))):
        if given is not None:
            here = (*where, "bandwidth")
            try:
                values["bandwidth"] = parse_bandwidth(given) if isinstance(given, str) else given
            except ValueError as error:
                findings.append(RawProblem(path=here, message=str(error), unreadable=(here,)))
                values["bandwidth"] = UNSET
    kind = _load(name, path, files, findings)
    if kind is None:
        return None, findings
    reader = Reader()
    topology = reader.read(values, kind, ("network", "topology"))
    findings += [_at_its_place(finding, options) for finding in reader.findings]
    return (topology, []) if not findings and isinstance(topology, Topology) else (None, findings)


def _load(name: object, path: Path, files: PluginFiles | None, findings: list[RawProblem]) -> type[Topology] | None:
    known = topology_names()
    if not isinstance(name, str):
        what = f'needs kind = "NAME", got {show(name)}'
        findings.append(RawProblem(path=path, message=what, hint=nearest("", known), unreadable=(path,)))
    elif not names_file(name) and name not in known:
        what = f"unknown topology {quote(name)}"
        findings.append(RawProblem(path=path, message=what, hint=nearest(name, known), unreadable=(path,)))
    else:
        try:
            return load_topology(name, files)
        except PluginError as error:
            hint = nearest(error.given, error.valid)
            findings.append(RawProblem(path=path, message=str(error), hint=hint, unreadable=(path,)))
    return None


def _at_its_place(finding: RawProblem, options: Mapping[str, object]) -> RawProblem:
    """Report a value that is not the topology's own where it is: in ``[network]``."""
    key = finding.path[2:3]
    if not key or key[0] in options or key[0] not in _COMMON:
        return finding
    return msgspec.structs.replace(finding, path=("network", *finding.path[2:]))
