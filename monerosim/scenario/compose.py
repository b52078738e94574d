"""What a participant is made of once ``kind`` is spelled out, and what its members are called."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.facts import hashrate_of
from monerosim.agent.registry import HOST_ACTORS, actor_name, behaviour_names, load_behaviour
from monerosim.config import Config
from monerosim.plan.roles import BLOCK_CONTROLLER, MINER
from monerosim.plugins import PluginError, PluginFiles, names_file
from monerosim.scenario.convert import Reader, find_near, nearest, quote, show, unknown_key
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import MAX_COUNT, Node, Participant, Scenario, Wallet


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One behaviour of a participant, configured."""

    use: str
    """The behaviour: its name, or its file and class."""
    behaviour: type[Behaviour]
    config: Config
    """With stand-ins for what could not be read."""
    path: Path
    """Where the scenario names it."""
    hashrate: float = 0.0
    """What its configuration comes to, 0 if that could not be read."""

    @property
    def is_miner(self) -> bool:
        """Whether it is a miner."""
        return self.behaviour.role == MINER

    @property
    def awaits_controller(self) -> bool:
        """Whether it is a miner that gets its blocks from a block controller."""
        return self.is_miner and not self.behaviour.autonomous

    @property
    def is_controller(self) -> bool:
        """Whether it is a block controller."""
        return self.behaviour.role == BLOCK_CONTROLLER


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """A participant with nothing left to infer."""

    node: Node | str | None
    wallet: Wallet | None
    parts: tuple[Part, ...]
    solo: bool = False
    """Whether it is a miner so small that it is a user as well."""
    findings: tuple[RawProblem, ...] = ()
    """What is wrong with its actors."""


def member_names(name: str, count: int) -> list[str]:
    """Name a group's members: ``user-001`` and so on; a single participant keeps its name."""
    return [name] if count == 1 else [member_name(name, number, count) for number in range(1, count + 1)]


def member_name(name: str, number: int, count: int) -> str:
    """Name a member of a group of so many; numbers start at 1."""
    return f"{name}-{number:0{max(3, len(str(count)))}d}"


def actor_names(parts: Sequence[Part]) -> list[str]:
    """Return the actors' names: their behaviours', numbered where several, or one of the host's own, have the same."""
    names = [actor_name(part.use) for part in parts]
    uses = Counter((*names, *HOST_ACTORS))
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if uses[name] == 1 else f"{name}-{seen[name]}")
    return numbered


def composition_keys(participant: Participant, path: Path) -> tuple[Path, ...]:
    """Name the keys that say which actors a participant has: the first of ``actors`` even if none could be read."""
    uses = range(max(1, len(participant.actors)))
    return ((*path, "kind"), *((*path, "actors", index, "use") for index in uses))


def group_of(scenario: Scenario, member: str) -> str | None:
    """Find the group a numbered name belongs to."""
    group, _, number = member.rpartition("-")
    participant = scenario.participants.get(group)
    if participant is None or not (number.isascii() and number.isdigit()) or len(number) > len(str(MAX_COUNT)):
        return None
    count, index = participant.count, int(number)
    return group if count > 1 and 1 <= index <= count and member_name(group, index, count) == member else None


def owners_of_nodes(scenario: Scenario, composed: Mapping[str, Composition], reference: str) -> list[str] | None:
    """List the hosts with a node of their own that a reference means.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        reference: A participant's, a group's or a member's name.

    Returns:
        The hosts' names, none if they have no node; None if there is no such participant.
    """
    group = reference if reference in composed else group_of(scenario, reference)
    if group is None:
        return None
    if not isinstance(composed[group].node, Node):
        return []
    return member_names(group, scenario.participants[group].count) if group == reference else [reference]


def compose(participant: Participant, path: Path, files: PluginFiles | None = None) -> Composition:
    """Spell out a participant.

    Args:
        participant: As the scenario has it.
        path: Where it stands in the scenario.
        files: Where the scenario's own files are.
    """
    findings: list[RawProblem] = []
    parts: list[Part] = []
    node, wallet = participant.node, participant.wallet
    usual = None
    if participant.kind is not None:
        usual = _load(participant.kind, (*path, "kind"), files, findings)
    meant = usual if usual is not None or participant.kind is None else _meant(participant.kind)
    keys = meant.Config.__struct_encode_fields__ if meant is not None else ()
    unknown = [key for key in participant.settings if key not in keys]
    findings += [_unknown_setting(key, participant, meant, path, files) for key in unknown]
    options = {key: value for key, value in participant.settings.items() if key in keys}
    if participant.kind is not None and usual is not None:
        node = Node() if node is None and usual.default_node else node
        wallet = Wallet() if wallet is None and usual.default_wallet else wallet
        parts.append(_configure(participant.kind, usual, options, path, findings))
    else:
        findings += _as_meant(meant, options, path)
    for index, actor in enumerate(participant.actors):
        here = (*path, "actors", index)
        use = actor.get("use")
        if not isinstance(use, str):
            what = f"expected a behaviour's name, got {show(use)}" if "use" in actor else 'needs use = "NAME"'
            place = (*here, "use")
            hint = nearest("", behaviour_names())
            findings.append(RawProblem(path=place, message=what, hint=hint, unreadable=(place,), depends_on=(here,)))
            continue
        behaviour = _load(use, (*here, "use"), files, findings)
        if behaviour is not None:
            parts.append(_configure(use, behaviour, _but_use(actor), here, findings))
        else:
            findings += _as_meant(_meant(use), _but_use(actor), here)
    findings.extend(_twice(parts))
    return Composition(node=node, wallet=wallet, parts=tuple(parts), findings=tuple(findings))


def _but_use(actor: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in actor.items() if key != "use"}


def _meant(name: str) -> type[Behaviour] | None:
    """Return the behaviour that a misspelt name is nearest to, so that what is wrong beside it is told at once."""
    near = find_near(name, behaviour_names()) if not names_file(name) else None
    try:
        return load_behaviour(near) if near is not None else None
    except PluginError:
        return None


def _as_meant(meant: type[Behaviour] | None, options: Mapping[str, object], path: Path) -> list[RawProblem]:
    """Report what is wrong with the settings of a misspelt behaviour."""
    reader = Reader()
    if meant is not None:
        reader.read(options, meant.Config, path)
    return reader.findings


def _load(name: str, path: Path, files: PluginFiles | None, findings: list[RawProblem]) -> type[Behaviour] | None:
    try:
        return load_behaviour(name, files)
    except PluginError as error:
        unknown = not names_file(name) and name not in (*behaviour_names(), *HOST_ACTORS)
        message = f"unknown behaviour {quote(name)}" if unknown else str(error)
        findings.append(
            RawProblem(path=path, message=message, hint=nearest(error.given, error.valid), unreadable=(path,))
        )
        return None


def _configure(
    use: str, behaviour: type[Behaviour], options: Mapping[str, object], path: Path, findings: list[RawProblem]
) -> Part:
    reader = Reader()
    # What has been told of this participant may be why a key is missing.
    reader.findings += findings
    before = len(findings)
    config = cast("Config", reader.read(options, behaviour.Config, path))
    findings[:] = reader.findings
    hashrate = 0.0
    if len(findings) == before:
        try:
            hashrate = hashrate_of(behaviour, config)
        except PluginError as error:
            findings.append(RawProblem(path=path, message=f'the actor "{use}" {error}', unreadable=(path,)))
    return Part(use=use, behaviour=behaviour, config=config, path=path, hashrate=hashrate)


def _twice(parts: Sequence[Part]) -> list[RawProblem]:
    """Find what a participant is twice and can be once only."""
    first: dict[str, str] = {}
    findings = []
    for part in parts:
        if not part.behaviour.unique:
            continue
        role = part.behaviour.role
        if role in first:
            message = f"a participant is one {role} at most, and is one by {quote(first[role])} already"
            hint = "give each a participant of its own"
            findings.append(RawProblem(path=part.path, message=message, hint=hint))
        first.setdefault(role, part.use)
    return findings


def _unknown_setting(
    key: str, participant: Participant, usual: type[Behaviour] | None, path: Path, files: PluginFiles | None
) -> RawProblem:
    """Report a key that is not a participant's own, and not one of its usual actor, if that is known."""
    own = {name for name in Participant.__struct_fields__ if name != "settings"}
    kinds = usual.Config.__struct_encode_fields__ if usual is not None else ()
    finding = unknown_key((*path, key), own.union(kinds), participant.settings)
    services = {"node": Node, "wallet": Wallet}
    tables = [f"{name} = {{ ... }}" for name, table in services.items() if key in table.__struct_fields__]
    if tables:
        finding = msgspec.structs.replace(finding, hint=f"write it in {' or '.join(tables)}", unreadable=())
    for actor in participant.actors:
        use = actor.get("use")
        if isinstance(use, str) and _has_key(use, key, files):
            finding = msgspec.structs.replace(finding, hint=f'write it in actors, beside use = "{use}"', unreadable=())
    if usual is not None:
        return finding
    in_file = participant.kind is not None and names_file(participant.kind)
    if finding.unreadable and not in_file and not any(_has_key(name, key, files) for name in behaviour_names()):
        return finding
    # It may be a key of what kind was to say.
    return msgspec.structs.replace(finding, unreadable=(), depends_on=((*path, "kind"),))


def _has_key(use: str, key: str, files: PluginFiles | None) -> bool:
    """Return whether a behaviour has a key; that one cannot be loaded is reported elsewhere."""
    try:
        return key in load_behaviour(use, files).Config.__struct_encode_fields__
    except PluginError:
        return False
