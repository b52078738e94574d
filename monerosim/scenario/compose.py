"""What a participant is made of once ``kind`` is spelled out, and what its members are called."""

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec import NODEFAULT

from monerosim.config import Config
from monerosim.plugins import PluginError, PluginFiles, names_file
from monerosim.runtime.actor import Behaviour
from monerosim.runtime.blocks import actor_name, block_names, load_block
from monerosim.scenario.convert import Reader, nearest, quote, show
from monerosim.scenario.model import MAX_COUNT, Node, Participant, Scenario, Wallet
from monerosim.scenario.problems import Finding, Path

ALWAYS_THERE = ("supervisor", "mailbox", "registrar", "node", "wallet")
"""What the actors are called that are no building blocks; a building block of such a name gets a number."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One behaviour of a participant, configured."""

    use: str
    """The building block: its name, or its file and class."""
    behaviour: type[Behaviour]
    config: Config
    path: Path
    """Where the scenario names it."""


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """A participant with nothing left to infer."""

    node: Node | str | None
    wallet: Wallet | None
    parts: tuple[Part, ...]
    solo: bool = False
    """Whether it is a miner so small that it is a user as well."""
    findings: tuple[Finding, ...] = ()
    """What is wrong with its actors."""


def member_names(name: str, count: int) -> list[str]:
    """Name a group's members: ``user-001`` and so on; a single participant keeps its name."""
    if count == 1:
        return [name]
    width = max(3, len(str(count)))
    return [f"{name}-{number:0{width}d}" for number in range(1, count + 1)]


def actor_names(parts: Sequence[Part]) -> list[str]:
    """Name actors after their building blocks, with a number where there are several of one."""
    names = [actor_name(part.use) for part in parts]
    uses = Counter((*names, *ALWAYS_THERE))
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(name if uses[name] == 1 else f"{name}-{seen[name]}")
    return numbered


def group_of(scenario: Scenario, member: str) -> str | None:
    """Find the group a numbered name belongs to."""
    group, _, number = member.rpartition("-")
    participant = scenario.participants.get(group)
    if participant is None or not (number.isascii() and number.isdigit()) or len(number) > len(str(MAX_COUNT)):
        return None
    index = int(number)
    return (
        group
        if 1 <= index <= participant.count and member_names(group, participant.count)[index - 1] == member
        else None
    )


def compose(participant: Participant, path: Path, files: PluginFiles | None = None) -> Composition:
    """Spell out a participant.

    Args:
        participant: As the scenario has it.
        path: Where it stands in the scenario.
        files: Where the scenario's own files are.
    """
    findings: list[Finding] = []
    parts: list[Part] = []
    node, wallet = participant.node, participant.wallet
    if participant.kind is not None:
        usual = _load(participant.kind, (*path, "kind"), files, findings)
        if usual is not None:
            node = Node() if node is None and usual.usual_node else node
            wallet = Wallet() if wallet is None and usual.usual_wallet else wallet
            own = tuple(name for name in Participant.__struct_fields__ if name != "settings")
            _configure(participant.kind, usual, participant.settings, path, parts, findings, beside=own)
    else:
        findings.extend(_unknown_keys(participant, path, files))
    for index, actor in enumerate(participant.actors):
        here = (*path, "actors", index)
        use = actor.get("use")
        if not isinstance(use, str):
            what = f"expected a building block's name, got {show(use)}" if "use" in actor else 'needs use = "NAME"'
            findings.append(Finding(path=(*here, "use"), message=what, hint=nearest("", block_names())))
            continue
        behaviour = _load(use, (*here, "use"), files, findings)
        if behaviour is not None:
            options = {key: value for key, value in actor.items() if key != "use"}
            _configure(use, behaviour, options, here, parts, findings)
    findings.extend(_twice(parts))
    return Composition(node=node, wallet=wallet, parts=tuple(parts), findings=tuple(findings))


def _load(name: str, path: Path, files: PluginFiles | None, findings: list[Finding]) -> type[Behaviour] | None:
    try:
        return load_block(name, files)
    except PluginError as error:
        unknown = not names_file(name) and name not in block_names()
        message = f"there is no building block {quote(name)}" if unknown else str(error)
        findings.append(Finding(path=path, message=message, hint=nearest(error.given, error.valid)))
        return None


def _configure(
    use: str,
    behaviour: type[Behaviour],
    options: dict[str, object],
    path: Path,
    parts: list[Part],
    findings: list[Finding],
    beside: tuple[str, ...] = (),
) -> None:
    """Read an actor's options; ``beside`` are further keys that are valid at its place."""
    reader = Reader(path, beside)
    config = reader.read(options, behaviour.Config, path)
    findings.extend(reader.findings)
    if config is not NODEFAULT and isinstance(config, Config):
        parts.append(Part(use=use, behaviour=behaviour, config=config, path=path))


def _twice(parts: Sequence[Part]) -> list[Finding]:
    """Find what a participant is twice and can be once only."""
    first: dict[str, str] = {}
    findings = []
    for part in parts:
        role = part.behaviour.alone
        if role and role in first:
            message = f"a participant is one {role} at most, and is one by {quote(first[role])} already"
            hint = "give each a participant of its own"
            findings.append(Finding(path=part.path, message=message, hint=hint, hides=False))
        first.setdefault(role, part.use)
    return findings


def _unknown_keys(participant: Participant, path: Path, files: PluginFiles | None) -> list[Finding]:
    """Without ``kind`` there is no actor that a participant's unknown keys could be for."""
    own = [name for name in Participant.__struct_fields__ if name != "settings"]
    findings = []
    for key in participant.settings:
        hint = nearest(key, own)
        for actor in participant.actors:
            use = actor.get("use")
            if isinstance(use, str) and _has_key(use, key, files):
                hint = f'write it in actors, beside use = "{use}"'
        findings.append(Finding(path=(*path, key), message=f"unknown key {quote(key)}", hint=hint))
    return findings


def _has_key(use: str, key: str, files: PluginFiles | None) -> bool:
    """Tell whether a building block has a key; one that cannot be loaded is told of elsewhere."""
    try:
        return key in load_block(use, files).Config.__struct_fields__
    except PluginError:
        return False
