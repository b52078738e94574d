"""What a participant is made of once ``kind`` is spelled out, and what its members are called."""

import msgspec
from msgspec import NODEFAULT

from monerosim.config import Config
from monerosim.runtime.actor import Behaviour
from monerosim.runtime.blocks import BlockError, block_names, load_block
from monerosim.scenario.convert import Reader, nearest, quote, show
from monerosim.scenario.model import Node, Participant, Wallet
from monerosim.scenario.problems import Finding, Path


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One behaviour of a participant, configured."""

    use: str
    """The building block's name."""
    behaviour: type[Behaviour]
    config: Config
    path: Path
    """Where the scenario names it."""


class Composition(msgspec.Struct, frozen=True, kw_only=True):
    """A participant with nothing left to infer."""

    node: Node | str | None
    wallet: Wallet | None
    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()
    """What is wrong with its actors."""


def member_names(name: str, count: int) -> list[str]:
    """Name a group's members: ``user-001`` and so on; a single participant keeps its name."""
    if count == 1:
        return [name]
    width = max(3, len(str(count)))
    return [f"{name}-{number:0{width}d}" for number in range(1, count + 1)]


def compose(participant: Participant, path: Path) -> Composition:
    """Spell out a participant.

    Args:
        participant: As the scenario has it.
        path: Where it stands in the scenario.
    """
    findings: list[Finding] = []
    parts: list[Part] = []
    node, wallet = participant.node, participant.wallet
    if participant.kind is not None:
        usual = _load(participant.kind, (*path, "kind"), findings)
        if usual is not None:
            node = Node() if node is None and usual.usual_node else node
            wallet = Wallet() if wallet is None and usual.usual_wallet else wallet
            own = tuple(name for name in Participant.__struct_fields__ if name != "settings")
            _configure(participant.kind, usual, participant.settings, path, parts, findings, beside=own)
    else:
        findings.extend(_unknown_keys(participant, path))
    for index, actor in enumerate(participant.actors):
        here = (*path, "actors", index)
        use = actor.get("use")
        if not isinstance(use, str):
            what = f"expected a building block's name, got {show(use)}" if "use" in actor else 'needs use = "NAME"'
            findings.append(Finding(path=(*here, "use"), message=what, hint=nearest("", block_names())))
            continue
        behaviour = _load(use, (*here, "use"), findings)
        if behaviour is not None:
            options = {key: value for key, value in actor.items() if key != "use"}
            _configure(use, behaviour, options, here, parts, findings)
    return Composition(node=node, wallet=wallet, parts=tuple(parts), findings=tuple(findings))


def _load(name: str, path: Path, findings: list[Finding]) -> type[Behaviour] | None:
    known = block_names()
    try:
        return load_block(name)
    except BlockError as error:
        unknown = name not in known
        message = f"there is no building block {quote(name)}" if unknown else str(error)
        findings.append(Finding(path=path, message=message, hint=nearest(name, known) if unknown else ""))
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


def _unknown_keys(participant: Participant, path: Path) -> list[Finding]:
    """Without ``kind`` there is no actor that a participant's unknown keys could be for."""
    own = [name for name in Participant.__struct_fields__ if name != "settings"]
    findings = []
    for key in participant.settings:
        hint = nearest(key, own)
        for actor in participant.actors:
            use = actor.get("use")
            if isinstance(use, str) and use in block_names() and key in load_block(use).Config.__struct_fields__:
                hint = f'write it in actors, beside use = "{use}"'
        findings.append(Finding(path=(*path, key), message=f"unknown key {quote(key)}", hint=hint))
    return findings
