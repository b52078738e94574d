"""What a scenario must fulfil beyond the types of its values."""

from collections.abc import Iterator, Mapping

import msgspec

from monerosim.agent.behaviour import Behaviour
from monerosim.engine import Engine, EngineError, Timings, engine_names, load_engine
from monerosim.mailbox.shared import MAX_DOCUMENT
from monerosim.plan.plan import BootstrapPlan, TopologyPlan
from monerosim.plugins import PluginFiles
from monerosim.scenario.absences import absence_problems
from monerosim.scenario.alerts import alert_problems
from monerosim.scenario.compose import Composition, compose, composition_keys, owners_of_nodes
from monerosim.scenario.conditions import behaviour_problems, turnover_problems
from monerosim.scenario.consensus import consensus_problems
from monerosim.scenario.convert import nearest, quote
from monerosim.scenario.crowds import crowd_problems
from monerosim.scenario.funding import examine_funding, host_names
from monerosim.scenario.mentions import mention_problems
from monerosim.scenario.mining import mining_problems, with_solo_miners
from monerosim.scenario.names import name_problems
from monerosim.scenario.network import read_topology
from monerosim.scenario.peers import peer_problems
from monerosim.scenario.permissions import Permissions
from monerosim.scenario.places import own_places, place_problems
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.programs import program_problems
from monerosim.scenario.recording import recording_problems
from monerosim.scenario.rules import ReadRules, read_rules
from monerosim.scenario.scripts import script_problems
from monerosim.scenario.slow_network import slow_network_problems
from monerosim.scenario.tables import MAX_COUNT, Scenario
from monerosim.scenario.timeline import timeline_problems
from monerosim.scenario.timings import timings_of
from monerosim.scenario.unheeded import unheeded_problems
from monerosim.scenario.vain import vain_problems
from monerosim.topology import BUILT_IN, Mesh, Topology, TopologyError, UnknownPlaceError, build_places
from monerosim.units import MAX_DURATION, format_duration

MOST_IN_MESH = 2_000
"""Hosts in a mesh, which has a link for any two of them: two million links."""


class Examined(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario comes to, worked out once: checks and compilation share it."""

    composed: Mapping[str, Composition]
    """Its participants, spelled out; solo miners are users too."""
    timings: Timings
    bootstrap: BootstrapPlan | None
    """None if nobody is to be paid, or the balances are too high."""
    bootstrap_length: int
    """How long the bootstrap has to be at least, in microseconds."""
    topology: Topology | None
    """None if it could not be read."""
    places: TopologyPlan | None
    """Of a topology that is tried out: all but those that are sure to be valid."""
    rules: ReadRules
    """What nodes go by in place of monerod's rules, as far as it could be read."""
    findings: tuple[RawProblem, ...]


def examine_tables(scenario: Scenario, files: PluginFiles, permissions: Permissions) -> Examined:
    """Check everything that concerns more than one value. Wrong values do not keep it from finding more.

    Args:
        scenario: The scenario.
        files: Where its own files are.
        permissions: What the user allows it.
    """
    composed = {name: compose(it, ("participants", name), files) for name, it in scenario.participants.items()}
    engine, of_engine = _engine(scenario)
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
    findings += name_problems(scenario)
    findings += _references(scenario, composed)
    findings += mention_problems(scenario, composed)
    findings += _needs(composed)
    findings += _documents(composed)
    findings += consensus_problems(scenario, engine)
    findings += mining_problems(scenario, composed)
    composed, of_solo = with_solo_miners(scenario, composed, files)
    findings += of_solo
    timings = timings_of(scenario, composed, engine)
    rules, of_rules = read_rules(scenario, composed, files, engine)
    findings += of_rules
    bootstrap, length, of_funding = examine_funding(scenario, composed, timings, rules.ring_size)
    findings += of_funding
    findings += _times(scenario)
    findings += behaviour_problems(scenario, composed, engine)
    findings += crowd_problems(scenario, composed, engine)
    findings += turnover_problems(scenario, composed, engine)
    findings += absence_problems(scenario, engine)
    findings += timeline_problems(scenario, composed, engine)
    findings += _idle(scenario, composed)
    topology, places, of_network = _network(scenario, composed, files)
    findings += of_network
    findings += slow_network_problems(scenario)
    findings += peer_problems(scenario, composed, files, engine)
    findings += of_engine
    findings += recording_problems(scenario, composed)
    findings += program_problems(scenario, permissions)
    findings += script_problems(scenario, composed, engine, permissions)
    findings += alert_problems(scenario, composed, permissions)
    findings += unheeded_problems(scenario, engine)
    findings += vain_problems(scenario, composed, topology, engine)
    return Examined(
        composed=composed,
        timings=timings,
        bootstrap=bootstrap,
        bootstrap_length=length,
        topology=topology,
        places=places,
        rules=rules,
        findings=tuple(findings),
    )


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
            message = f"no such participant: {quote(target)}"
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


def _documents(composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Find what behaviours would publish and nobody could read."""
    for name, composition in composed.items():
        addresses = 0 if composition.wallet is None else composition.wallet.addresses
        for part in composition.parts:
            behaviour: type[Behaviour] = part.behaviour
            if behaviour.published_bytes(part.config, addresses) > MAX_DOCUMENT:
                message = (
                    f"what {quote(part.use)} publishes for {addresses:,} addresses could be longer than "
                    f"{MAX_DOCUMENT // 2**20} MiB, and nobody would read it"
                )
                depends_on = (("participants", name, "wallet"), ("participants", name, "kind"))
                hint = "give it fewer items, or several participants fewer addresses each"
                yield RawProblem(path=part.path, message=message, hint=hint, depends_on=depends_on)


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


def _network(
    scenario: Scenario, composed: Mapping[str, Composition], files: PluginFiles
) -> tuple[Topology | None, TopologyPlan | None, list[RawProblem]]:
    topology, findings = read_topology(scenario.network, files)
    wrong = list(place_problems(scenario, composed))
    findings += wrong
    places = None
    path: Path = ("network", "topology")
    total = sum(participant.count for participant in scenario.participants.values())
    if isinstance(topology, Mesh) and total > MOST_IN_MESH:
        message = f"a mesh has a link between any two: {total} participants are too many, {MOST_IN_MESH} at most"
        findings.append(RawProblem(path=path, message=message))
    elif topology is not None and not wrong and 0 < total <= MAX_COUNT:
        if type(topology) in BUILT_IN and not scenario.network.places:
            return topology, None, findings
        counts: list[Path] = [("participants", name, "count") for name in composed]
        depends_on = (*counts, ("network", "places"))
        try:
            places = build_places(
                topology,
                host_names(scenario, composed),
                seed=scenario.simulation.seed,
                own=own_places(scenario),
                files=files,
            )
        except UnknownPlaceError as error:
            asked = [
                key for key, it in scenario.network.places.items() if error.place in (it, getattr(it, "place", ""))
            ]
            here: Path = ("network", "places", *asked[:1])
            findings.append(RawProblem(path=here, message=str(error), depends_on=(*counts, path)))
        except TopologyError as error:
            findings.append(RawProblem(path=path, message=str(error), depends_on=depends_on))
    return topology, places, findings


def _engine(scenario: Scenario) -> tuple[Engine | None, list[RawProblem]]:
    """Load the engine; None if it cannot be, which checks that depend on it do not report again."""
    name, known = scenario.simulation.engine, engine_names()
    path: Path = ("simulation", "engine")
    if name not in known:
        message = f"there is no engine {quote(name)}"
        return None, [RawProblem(path=path, message=message, hint=nearest(name, known), unreadable=(path,))]
    try:
        return load_engine(name), []
    except EngineError as error:
        return None, [RawProblem(path=path, message=str(error))]


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
