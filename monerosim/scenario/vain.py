"""What a scenario asks for that is hardly what was meant: warnings, and errors where it cannot be played."""

from collections.abc import Iterator, Mapping

import msgspec

from monerosim.agent.facts import paying_of
from monerosim.config import EVENT, PARTICIPANT, POSITIVE, fields_of, strip_notes
from monerosim.engine import Engine
from monerosim.events import ProcessDied, ProcessGivenUp, ProcessHung, ProcessRestarted, event_tag
from monerosim.plugins import PluginError
from monerosim.scenario.compose import Composition, Part, group_of
from monerosim.scenario.convert import quote
from monerosim.scenario.mentions import mentioned
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario
from monerosim.topology import Topology
from monerosim.units import SECOND, format_duration

LONG_LATENCY = 5 * SECOND
"""Above what any link on Earth takes; a satellite's takes 0.3 s."""

HASH = 0.14
"""Seconds of processor time that monerod takes for a hash while it generates a block (measured with 0.18.0.0)."""

LONG_BLOCK = 10.0
"""Seconds of processor time for a block that are worth a word."""

MANY_TURNS = 10**8
"""Turns of a group's actors in a run that take a machine an hour or so."""

MOST_TURNS = 10**9

_OF_PROCESSES = frozenset(map(event_tag, (ProcessDied, ProcessGivenUp, ProcessHung, ProcessRestarted)))
_STOPS = ("stop", "pause")


def vain_problems(
    scenario: Scenario, composed: Mapping[str, Composition], topology: Topology | None, engine: Engine | None
) -> Iterator[RawProblem]:
    """Find what is hardly what was meant.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out; solo miners are users too.
        topology: None if it could not be read.
        engine: None if there is none such.
    """
    yield from _latency(scenario, topology)
    yield from _difficulty(scenario, engine)
    yield from _without_effect(scenario)
    yield from _nodes_that_go_on(scenario, composed)
    yield from _poor(scenario, composed)
    for name, composition in composed.items():
        for part in composition.parts:
            yield from _turns(scenario, name, part)
            yield from _untold(part, scenario.simulation.engine, engine)


def _warn(path: Path, message: str, hint: str = "", depends_on: tuple[Path, ...] = ()) -> RawProblem:
    return RawProblem(path=path, message=message, hint=hint, severity="warning", depends_on=depends_on)


def _latency(scenario: Scenario, topology: Topology | None) -> Iterator[RawProblem]:
    if topology is None:
        return
    own = isinstance(scenario.network.topology, Mapping) and "latency" in scenario.network.topology
    path: Path = ("network", "topology", "latency") if own else ("network", "latency")
    told = format_duration(topology.latency)
    delay = scenario.letters.delay
    if scenario.simulation.engine == "shadow" and topology.latency >= delay:
        # When a letter is due at the earliest: no round of Shadow's scheduler may be as long.
        message = f"the engine shadow plays latencies below {format_duration(delay)} only, got {told}"
        hint = "letters.delay has to be longer than a packet takes"
        yield RawProblem(path=path, message=message, hint=hint, depends_on=(("simulation", "engine"),))
    elif topology.latency > LONG_LATENCY:
        yield _warn(
            path, f"a packet takes {told} from one participant to another", "a number without a unit is seconds"
        )
    for key, what in (("latency", "a latency"), ("bandwidth", "a bandwidth"), ("loss", "a loss")):
        given = isinstance(scenario.network.topology, Mapping) and key in scenario.network.topology
        default: object = getattr(type(scenario.network)(), key)
        if (given or key not in topology.inherits) and getattr(scenario.network, key) != default:
            yield _warn(("network", key), f"has no effect: the topology has {what} of its own")


def _difficulty(scenario: Scenario, engine: Engine | None) -> Iterator[RawProblem]:
    difficulty = scenario.consensus.difficulty
    takes = difficulty * HASH if isinstance(difficulty, int) else 0.0
    if engine is not None and engine.real_programs and takes >= LONG_BLOCK:
        message = f"real proof of work: a block takes about {format_duration(round(takes) * SECOND)} of processor time"
        yield _warn(("consensus", "difficulty"), message, "it sets no pace, block_time does")


def _without_effect(scenario: Scenario) -> Iterator[RawProblem]:
    """Find keys that count only beside another one."""
    for name, participant in scenario.participants.items():
        path: Path = ("participants", name)
        if participant.stagger and participant.count <= 1:
            yield _warn((*path, "stagger"), "has no effect: there are no further ones", depends_on=((*path, "count"),))
        wallet = participant.wallet
        if wallet is not None and wallet.outputs > 1 and not wallet.initial_balance:
            message = "has no effect: there is no initial_balance"
            yield _warn((*path, "wallet", "outputs"), message, depends_on=((*path, "wallet", "initial_balance"),))


def _nodes_that_go_on(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Find commands that stop actors where only the node matters."""
    for index, entry in enumerate(scenario.timeline):
        composition = composed.get(entry.who) or composed.get(group_of(scenario, entry.who) or "")
        if entry.do not in _STOPS or composition is None or not isinstance(composition.node, Node):
            continue
        parts = composition.parts
        # Others than miners, and than those who do something else: an orchestrator, a block controller.
        if parts and all(part.behaviour.needs == {"node"} and not part.is_miner for part in parts):
            message = f"stops the actors of {quote(entry.who)} only: its node goes on relaying"
            yield _warn(("timeline", index, "do"), message)


def _poor(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Find those who are to pay and have nothing to pay with."""
    named = {
        name
        for composition in composed.values()
        for part in composition.parts
        for _, name, _ in mentioned(part.config, part.path, PARTICIPANT)
    }
    for name, composition in composed.items():
        wallet = composition.wallet
        if wallet is None or wallet.initial_balance or name in named or not scenario.participants[name].count:
            continue
        payers = [part for part in composition.parts if _pays(part)]
        if payers and not any(part.is_miner for part in composition.parts):
            message = f"the actor {quote(payers[0].use)} has no coins to pay with until somebody pays it"
            path: Path = ("participants", name)
            depends_on = ((*path, "kind"), (*path, "wallet"), (*path, "wallet", "initial_balance"))
            yield _warn(payers[0].path, message, 'add wallet = { initial_balance = "10 XMR" }', depends_on)


def _pays(part: Part) -> bool:
    try:
        return paying_of(part.behaviour, part.config).per_second > 0
    except PluginError:
        # Told when the plan is made.
        return False


def _turns(scenario: Scenario, name: str, part: Part) -> Iterator[RawProblem]:
    """Find intervals so short that no machine plays what they come to."""
    count, duration = scenario.participants[name].count, scenario.simulation.duration
    for field in fields_of(type(part.config)):
        _, notes = strip_notes(field.type)
        value: object = getattr(part.config, field.name)
        if not (field.name.endswith("interval") and any(note.extra == POSITIVE for note in notes)):
            continue
        turns = count * duration // value if isinstance(value, int) and value > 0 else 0
        if turns >= MANY_TURNS:
            message = f"comes to {turns:.0e} turns in the run, which no machine plays in a sensible time"
            severe = "error" if turns >= MOST_TURNS else "warning"
            depends_on: tuple[Path, ...] = (("simulation", "duration"), ("participants", name, "count"))
            found = _warn((*part.path, field.encode_name), message, depends_on=depends_on)
            yield msgspec.structs.replace(found, severity=severe)


def _untold(part: Part, name: str, engine: Engine | None) -> Iterator[RawProblem]:
    """Find events of programs that are asked for where nobody watches the programs."""
    if engine is None or engine.watches_programs:
        return
    for path, tag, _ in mentioned(part.config, part.path, EVENT):
        if tag in _OF_PROCESSES:
            yield _warn(path, f"the engine {name} does not heed it: it restarts no programs, so no actor hears of this")
