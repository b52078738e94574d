"""From a file of another tool to a scenario, with the account of every value."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from monerosim.importers.architecture_v2 import read_architecture_v2
from monerosim.importers.draft import Draft
from monerosim.importers.ethshadow import is_ethshadow, read_ethshadow
from monerosim.importers.mining_architecture import read_mining_architecture
from monerosim.importers.old_general import add_orchestrator, has_node, read_general, uses_agents, without_agents
from monerosim.importers.public import read_public
from monerosim.importers.shadow_file import read_shadow_file
from monerosim.importers.source import Entry, Outcome, Source
from monerosim.importers.yaml_file import Plain, YamlFile, read_yaml
from monerosim.plan.roles import SCRIPT
from monerosim.scenario.problems import Problem, ScenarioError


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario made from a file of another tool."""

    kind: str
    """What the file is."""
    document: dict[str, Any]
    """The scenario, as plain data."""
    entries: Sequence[Entry]
    """What became of each value of the file, in its order; then what was added."""
    notes: Sequence[str]
    """What is left to do by hand."""

    @property
    def carried(self) -> list[Entry]:
        """The values that are in the scenario."""
        return [entry for entry in self.entries if entry.outcome is Outcome.CARRIED]

    @property
    def has_scripts(self) -> bool:
        """Whether the scenario has commands of the file run, which the user has to allow."""
        actors = [actor for table in self.document["participants"].values() for actor in table.get("actors", ())]
        return any(actor["use"] == SCRIPT for actor in actors)

    @property
    def left(self) -> list[Entry]:
        """The values that are not."""
        return [entry for entry in self.entries if entry.outcome is Outcome.LEFT]


class _Kind(msgspec.Struct, frozen=True):
    name: str
    fits: Callable[[Mapping[str, Plain]], bool]
    read: Callable[[Draft], None]


def _old(read: Callable[[Draft], None]) -> Callable[[Draft], None]:
    """Return a reader of a configuration that has the table ``general``, too."""

    def both(draft: Draft) -> None:
        read_general(draft)
        read(draft)

    return both


def _nothing(draft: Draft) -> None:
    """Read a configuration that has ``general`` alone."""
    if draft.agents:
        draft.note("the file names no participants; `monerosim new` shows how they are written")


def _is_public(data: Mapping[str, Plain]) -> bool:
    agents = data.get("agents")
    keys = {"daemon", "daemon_0", "wallet", "wallet_0", "script", "type"}
    return isinstance(agents, Mapping) and any(isinstance(it, Mapping) and keys & set(it) for it in agents.values())


_KINDS = (
    _Kind("a file of Shadow", lambda data: "hosts" in data, read_shadow_file),
    _Kind(
        "mining architecture",
        lambda data: _within(data, "agents", "user_agents", "block_controller"),
        _old(read_mining_architecture),
    ),
    _Kind("scenario of the public monerosim", _is_public, read_public),
    _Kind(
        "architecture V2",
        lambda data: _within(data, "network", "agents", "consensus") or "simulation" in data,
        _old(read_architecture_v2),
    ),
    _Kind("a file in the form of ethshadow", is_ethshadow, read_ethshadow),
    _Kind("general alone", lambda data: "general" in data, _old(_nothing)),
)
"""What files are told by, the surest sign first."""


def _within(data: Mapping[str, Plain], table: str, *keys: str) -> bool:
    inner = data.get(table)
    return isinstance(inner, Mapping) and any(key in inner for key in keys)


def convert(raw: bytes) -> Conversion:
    """Make a scenario of a file of another tool.

    Args:
        raw: The file's bytes, YAML.

    Raises:
        ScenarioError: It is no YAML that can be read, or of no kind that is known.
    """
    return convert_file(read_yaml(raw))


def convert_file(file: YamlFile) -> Conversion:
    """Make a scenario of a file that has been read.

    Raises:
        ScenarioError: It is of no kind that is known.
    """
    kind = next((kind for kind in _KINDS if kind.fits(file.data)), None)
    if kind is None:
        message = f"not a configuration that is known; its keys are {', '.join(sorted(file.data)[:10])}"
        hint = "docs/migrating.md shows those that are"
        raise ScenarioError([Problem(place="", message=message, hint=hint)])
    draft = Draft(Source(file))
    old = kind.read not in (read_shadow_file, read_public, read_ethshadow)
    draft.agents = not old or uses_agents(draft)
    kind.read(draft)
    if draft.agents and old:
        add_orchestrator(draft)
    document = draft.document()
    if not draft.agents:
        document = _without_agents(draft, document)
    _note_payers(draft, document)
    entries = draft.source.tell(document)
    return Conversion(kind=kind.name, document=document, entries=entries, notes=draft.notes)


def _note_payers(draft: Draft, document: Mapping[str, Any]) -> None:
    """Note where the only payer has nobody to pay."""
    participants = document["participants"].values()
    payers = sum(table.get("count", 1) for table in participants if table.get("kind") == "regular-user")
    if payers == 1 and not any(table.get("kind") == "marketplace" for table in participants):
        draft.note("the only user has nobody to pay: set its count to 2 or more, or add a marketplace")


def _without_agents(draft: Draft, document: dict[str, Any]) -> dict[str, Any]:
    nodes = {name: table for name, table in document["participants"].items() if has_node(table)}
    if not nodes:
        for name in ("miner", "node"):
            table = draft.participant()
            table.add({}, "node", reason="the file names no nodes: two, as the old tool began with")
            draft.place(name, table)
        nodes = {"miner": {}}
        document = draft.document()
    miner = next((name for name, table in nodes.items() if table.get("kind") == "mining-pool"), next(iter(nodes)))
    reason = "nodes without behaviours: one mines a block every block_time"
    draft.source.add(("participants", miner), "constant-mining", reason)
    plain = without_agents(document, miner)
    if any("actors" in table for table in plain["participants"].values()):
        plain["simulation"] = {"engine": "local", **plain.get("simulation", {})}
        draft.source.add(("simulation", "engine"), "local", "scripts run beside real programs")
        draft.note("modules of Python are looked for as usual: start the run where the old scripts find theirs")
    return plain
