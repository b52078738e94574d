"""What a scenario must fulfil beyond the types of its values."""

import re
from collections.abc import Mapping

from monerosim.engine import EngineError, engine_names, load_engine
from monerosim.events import BlockFound
from monerosim.plan.flags import RESERVED, flag_name, repeatable
from monerosim.plugins import PluginFiles
from monerosim.scenario.compose import Composition, compose, composition_keys, group_of, member_name, member_names
from monerosim.scenario.convert import nearest, quote
from monerosim.scenario.funding import FUNDER, bootstrap_of, host_names
from monerosim.scenario.mentions import mention_problems
from monerosim.scenario.mining import hashrate_of, is_autonomous, is_controller, with_solo_miners
from monerosim.scenario.network import read_topology
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import MAX_COUNT, Node, Scenario, Wallet
from monerosim.scenario.timeline import timeline_problems
from monerosim.scenario.timings import timings_of
from monerosim.topology import BUILT_IN, Mesh, TopologyError, build_places
from monerosim.units import MAX_DURATION, format_duration

LONGEST_NAME = 63
"""Characters of a host's name (RFC 1123)."""

MOST_IN_MESH = 2_000
"""Hosts in a mesh, which has a link for any two of them: two million links."""

MOST_BLOCKS = 1_000_000
"""Blocks of a run: those of four years, and some hours of work for a machine."""

NAME_PATTERN = "[a-z](?:[a-z0-9-]*[a-z0-9])?"
"""Hosts' names: what DNS and Shadow allow, in small letters."""

_NAME = re.compile(NAME_PATTERN)
_FLAG = re.compile(r"--[a-z0-9][a-z0-9-]*(=[^\x00-\x1f]*)?")
_SHARES = 100


def find_problems(scenario: Scenario, files: PluginFiles | None = None) -> list[RawProblem]:
    """Check everything that concerns more than one value. Wrong values do not keep it from finding more.

    Args:
        scenario: The scenario.
        files: Where its own files are.
    """
    composed = {name: compose(it, ("participants", name), files) for name, it in scenario.participants.items()}
    findings = [finding for composition in composed.values() for finding in composition.findings]
    if not scenario.participants:
        findings.append(
            RawProblem(
                path=("participants",),
                message="there are no participants",
                hint="add a table such as [participants.user], or begin with `monerosim new`",
                depends_on=(("participants",),),
            )
        )
    findings += _names(scenario)
    findings += _references(scenario, composed)
    findings += mention_problems(scenario, composed)
    findings += _needs(composed)
    findings += _mining(scenario, composed)
    findings += _funding(scenario, composed)
    findings += _times(scenario)
    findings += timeline_problems(scenario, with_solo_miners(scenario, composed))
    findings += _idle(scenario, composed)
    findings += _network(scenario, composed, files)
    findings += _engine(scenario)
    findings += _programs(scenario)
    return findings


def _names(scenario: Scenario) -> list[RawProblem]:
    findings: list[RawProblem] = []
    total = sum(participant.count for participant in scenario.participants.values())
    if total > MAX_COUNT:
        message = f"there are {total} participants, at most {MAX_COUNT} work"
        findings.append(RawProblem(path=("participants",), message=message))
    for name, participant in scenario.participants.items():
        path: Path = ("participants", name)
        longest = name if participant.count == 1 else member_name(name, participant.count, participant.count)
        if not _NAME.fullmatch(name):
            hint = "a name begins with a letter and has only a-z, 0-9 and -"
            findings.append(RawProblem(path=path, message="not a valid name", hint=_suggest_name(name, hint)))
        elif len(longest) > LONGEST_NAME:
            message = f"the name is too long: hosts have up to {LONGEST_NAME} characters"
            findings.append(RawProblem(path=path, message=message))
        if name == FUNDER and participant.count == 1:
            message = f'the name "{FUNDER}" is reserved for the host that pays the initial balances'
            findings.append(RawProblem(path=path, message=message, hint="choose another name"))
    # A name written as it is stands before one that comes from a group, so the collision is told at the group.
    twice: dict[str, str] = {}
    for name in sorted(scenario.participants):
        group = group_of(scenario, name) if scenario.participants[name].count == 1 else None
        if group is not None:
            twice.setdefault(group, name)
    for group, name in twice.items():
        path = ("participants", group)
        message = f'the name "{name}" is used twice: by "{name}" and by a member of "{group}"'
        depends_on = ((*path, "count"), ("participants", name, "count"))
        findings.append(RawProblem(path=path, message=message, depends_on=depends_on))
    return findings


def _suggest_name(name: str, otherwise: str) -> str:
    better = re.sub(r"[^a-z0-9]+", "-", name[:LONGEST_NAME].lower()).strip("-0123456789")
    return f'{otherwise}, such as "{better}"' if _NAME.fullmatch(better) else otherwise


def owners_of_nodes(scenario: Scenario, composed: Mapping[str, Composition], reference: str) -> list[str] | None:
    """List the hosts with a node of their own that a reference means.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        reference: A participant's, a group's or a member's name.

    Returns:
        The hosts' names, none if they have no node; None if nobody is called so.
    """
    group = reference if reference in composed else group_of(scenario, reference)
    if group is None:
        return None
    if not isinstance(composed[group].node, Node):
        return []
    return member_names(group, scenario.participants[group].count) if group == reference else [reference]


def _references(scenario: Scenario, composed: Mapping[str, Composition]) -> list[RawProblem]:
    findings: list[RawProblem] = []
    owners = [name for name in composed if owners_of_nodes(scenario, composed, name)]
    for name, composition in composed.items():
        target = composition.node
        if not isinstance(target, str):
            continue
        path: Path = ("participants", name, "node")
        hosts = owners_of_nodes(scenario, composed, target)
        owner = target if target in composed else target.rpartition("-")[0]
        depends_on = tuple(("participants", owner, key) for key in ("kind", "node", "count"))
        if hosts is None:
            message = f"there is no participant {quote(target)}"
            findings.append(RawProblem(path=path, message=message, hint=nearest(target, owners), depends_on=depends_on))
        elif not hosts:
            empty = target in scenario.participants and scenario.participants[target].count == 0
            message = f'"{target}" has no members' if empty else f'"{target}" has no node of its own'
            findings.append(RawProblem(path=path, message=message, hint=nearest("", owners), depends_on=depends_on))
    return findings


def _needs(composed: Mapping[str, Composition]) -> list[RawProblem]:
    findings: list[RawProblem] = []
    help_with = {
        "node": 'add node = {} for one of its own, or node = "NAME" to use another\'s',
        "wallet": "add wallet = {}",
    }
    for name, composition in composed.items():
        path: Path = ("participants", name)
        told = False
        for need, hint in help_with.items():
            lacking = [part for part in composition.parts if need in part.behaviour.needs]
            if lacking and getattr(composition, need) is None:
                message = f'the actor "{lacking[0].use}" needs a {need}, which "{name}" does not have'
                depends_on = ((*path, "kind"), (*path, need))
                findings.append(RawProblem(path=lacking[0].path, message=message, hint=hint, depends_on=depends_on))
                told = True
        if composition.wallet is not None and composition.node is None and not told:
            message = "a wallet needs a node to ask"
            depends_on = ((*path, "kind"), (*path, "node"))
            findings.append(
                RawProblem(path=(*path, "wallet"), message=message, hint=help_with["node"], depends_on=depends_on)
            )
    return findings


def _idle(scenario: Scenario, composed: Mapping[str, Composition]) -> list[RawProblem]:
    """Find participants that are nothing, such as one whose name was misspelled in a change."""
    return [
        RawProblem(
            path=("participants", name),
            message=f"{quote(name)} has no node, no wallet and no actors: it takes no part",
            hint=nearest(name, [other for other in composed if other != name]),
            severity="warning",
            depends_on=(
                *composition_keys(scenario.participants[name], ("participants", name)),
                *(("participants", name, key) for key in ("node", "wallet")),
            ),
        )
        for name, it in composed.items()
        if it.node is None and it.wallet is None and not it.parts and scenario.participants[name].count
    ]


def _mining(scenario: Scenario, composed: Mapping[str, Composition]) -> list[RawProblem]:
    findings: list[RawProblem] = []
    miners: list[tuple[Path, float]] = []
    autonomous: list[tuple[Path, float]] = []
    controllers: list[Path] = []
    for name, composition in composed.items():
        count = scenario.participants[name].count
        for part in composition.parts:
            share = hashrate_of(part)
            # A stand-in for what could not be read is no share.
            if share and share > 0 and count:
                (autonomous if is_autonomous(part) else miners).append((part.path, share * count))
        controllers += [part.path for part in composition.parts if is_controller(part)] * count
    if len(controllers) > 1:
        message = f"there are {len(controllers)} block controllers, a scenario has at most one"
        findings.append(RawProblem(path=controllers[1], message=message))
    if miners and not controllers:
        message = "there are mining pools but no block controller: no block will be found"
        hint = 'add [participants.block-controller] with kind = "block-controller"'
        findings.append(RawProblem(path=miners[0][0], message=message, hint=hint, severity="warning", depends_on=_ALL))
    finders = [part for it in composed.values() for part in it.parts if BlockFound in part.behaviour.emits]
    wallets = [name for name, it in composed.items() if it.wallet is not None and scenario.participants[name].count]
    if wallets and not finders and not controllers:
        message = "nobody finds blocks: no payment will be confirmed"
        hint = 'add a participant with kind = "mining-pool" and a hashrate, and one with kind = "block-controller"'
        path = ("participants", wallets[0])
        findings.append(RawProblem(path=path, message=message, hint=hint, severity="warning", depends_on=_ALL))
    if controllers and not miners:
        message = "there is a block controller but no mining pool: no block will be found"
        hint = 'add a participant with kind = "mining-pool" and a hashrate'
        findings.append(
            RawProblem(path=controllers[0], message=message, hint=hint, severity="warning", depends_on=_ALL)
        )
    rate = (_SHARES if controllers and miners else 0) + sum(share for _, share in autonomous)
    findings += _blocks(scenario, rate)
    total = sum(share for _, share in miners)
    if miners and abs(total - _SHARES) > 1e-9:  # noqa: PLR2004  (thirds do not add up exactly)
        message = f"the hashrates add up to {total:g}, not to 100: shares are taken of {total:g}"
        findings.append(RawProblem(path=miners[0][0], message=message, severity="warning", depends_on=_ALL))
    total = sum(share for _, share in autonomous)
    if autonomous and abs(total - _SHARES) > 1e-9:  # noqa: PLR2004  (as above)
        wait = scenario.consensus.block_time * _SHARES / total
        comes = f"every {format_duration(round(wait))}" if wait <= MAX_DURATION else "less than once in a hundred years"
        message = f"the autonomous miners' hashrates add up to {total:g}, not to 100: their blocks come {comes}"
        findings.append(RawProblem(path=autonomous[0][0], message=message, severity="warning", depends_on=_ALL))
    return findings


def _blocks(scenario: Scenario, rate: float) -> list[RawProblem]:
    """Check that a run does not have more blocks than can be played; ``rate`` is percent of one each block time."""
    blocks = scenario.simulation.duration * rate / _SHARES / max(1, scenario.consensus.block_time)
    if blocks <= MOST_BLOCKS:
        return []
    path: Path = ("consensus", "block_time")
    message = f"the run would have {blocks:.3g} blocks, at most {MOST_BLOCKS} work"
    return [RawProblem(path=path, message=message, depends_on=(*_ALL, ("simulation", "duration"), path))]


_ALL: tuple[Path, ...] = (("participants",),)


def _funding(scenario: Scenario, composed: Mapping[str, Composition]) -> list[RawProblem]:
    """What could not be read of the participants only adds to their balances, and so to the bootstrap."""
    findings = []
    pace = timings_of(scenario, composed)
    _, start_up = bootstrap_of(scenario, {}, pace)
    funded = sorted(name for name, it in composed.items() if it.wallet is not None and it.wallet.initial_balance)
    total = sum(participant.count for participant in scenario.participants.values())
    try:
        _, needed = bootstrap_of(scenario, composed if total <= MAX_COUNT else {}, pace)
    except ValueError as error:
        path: Path = ("participants", funded[0], "wallet", "initial_balance")
        findings.append(RawProblem(path=path, message=str(error)))
        needed = start_up
    starts = ("engine", "node_start", "wallet_start", "agent_start", "controller_start")
    depends_on: tuple[Path, ...] = tuple(("simulation", key) for key in starts)
    interval: tuple[Path, ...] = (("simulation", "bootstrap_block_interval"),)
    if needed > MAX_DURATION:
        message = "the bootstrap would take more than a hundred years"
        findings.append(RawProblem(path=interval[0], message=message, depends_on=depends_on + interval))
    length = scenario.simulation.bootstrap
    if length is not None and length < needed:
        message = f"the bootstrap takes at least {format_duration(needed)}, got {format_duration(length)}"
        depends_on += interval if length >= start_up else ()
        findings.append(RawProblem(path=("simulation", "bootstrap"), message=message, depends_on=depends_on))
    return findings


def _network(scenario: Scenario, composed: Mapping[str, Composition], files: PluginFiles | None) -> list[RawProblem]:
    topology, findings = read_topology(scenario.network, files)
    path: Path = ("network", "topology")
    total = sum(participant.count for participant in scenario.participants.values())
    if isinstance(topology, Mesh) and total > MOST_IN_MESH:
        message = f"a mesh has a link between any two: {total} participants are too many, {MOST_IN_MESH} at most"
        findings.append(RawProblem(path=path, message=message))
    elif topology is not None and type(topology) not in BUILT_IN and 0 < total <= MAX_COUNT:
        depends_on = tuple(("participants", name, "count") for name in composed)
        try:
            build_places(topology, host_names(scenario, composed))
        except TopologyError as error:
            findings.append(RawProblem(path=path, message=str(error), depends_on=depends_on))
    return findings


def _engine(scenario: Scenario) -> list[RawProblem]:
    name, known = scenario.simulation.engine, engine_names()
    path: Path = ("simulation", "engine")
    if name not in known:
        message = f"there is no engine {quote(name)}"
        return [RawProblem(path=path, message=message, hint=nearest(name, known), unreadable=(path,))]
    try:
        load_engine(name)
    except EngineError as error:
        return [RawProblem(path=path, message=str(error))]
    return []


def _programs(scenario: Scenario) -> list[RawProblem]:
    """Check what a scenario says of the programs, as far as that can be told without the programs."""
    findings: list[RawProblem] = []
    for key in ("monerod_flags", "wallet_flags"):
        findings += _flags(getattr(scenario.binaries, key), ("binaries", key))
    for name, participant in scenario.participants.items():
        for key, service in (("node", participant.node), ("wallet", participant.wallet)):
            if isinstance(service, Node | Wallet):
                findings += _flags(service.flags, ("participants", name, key, "flags"))
    return findings


def _flags(flags: tuple[str, ...], path: Path) -> list[RawProblem]:
    findings = []
    seen: set[str] = set()
    for index, flag in enumerate(flags):
        here, name = (*path, index), flag_name(flag)
        if not _FLAG.fullmatch(flag):
            message, hint = f'expected a flag such as "--log-level=1", got {quote(flag)}', _dashed(flag)
            findings.append(RawProblem(path=here, message=message, hint=hint, depends_on=(here,)))
        elif name in RESERVED:
            findings.append(RawProblem(path=here, message=f"{name} cannot be set here", hint=RESERVED[name]))
        elif name in seen and not repeatable(name):
            findings.append(RawProblem(path=here, message=f"{name} is given twice"))
        seen.add(name)
    return findings


def _dashed(flag: str) -> str:
    """Suggest how something that is no flag might have been meant."""
    if len(flag.strip().strip("-")) == 1:
        return "write its whole name, after two dashes"
    better = "--" + "=".join(flag.strip().lstrip("-").split(maxsplit=1))
    return f'write "{better}"' if _FLAG.fullmatch(better) else ""


def _times(scenario: Scenario) -> list[RawProblem]:
    findings: list[RawProblem] = []
    duration = scenario.simulation.duration
    for name, participant in scenario.participants.items():
        late = participant.start + participant.stagger * max(0, participant.count - 1)
        if late > MAX_DURATION:
            message = "the last of the group would begin to act after more than a hundred years"
            findings.append(RawProblem(path=("participants", name, "stagger"), message=message))
        elif late >= duration:
            which = "it begins" if participant.count <= 1 else "the last of the group begins"
            message = f"{which} to act at {format_duration(late)}, but the run ends at {format_duration(duration)}"
            findings.append(
                RawProblem(
                    path=("participants", name, "stagger" if participant.start < duration else "start"),
                    message=message,
                    severity="warning",
                    depends_on=(("simulation", "duration"),),
                )
            )
    return findings
