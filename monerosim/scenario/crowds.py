"""Crowds: the behaviours that keep the wallets of many users, and what they take."""

from collections.abc import Iterator, Mapping, Sequence

from monerosim.agent.behaviour import Behaviour
from monerosim.engine import Engine
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.plan.crowds import CrowdSize
from monerosim.scenario.compose import Composition, Part, owners_of_nodes
from monerosim.scenario.convert import quote
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Scenario
from monerosim.units import XMR, format_amount

_MOST_COINS = 18_000_000 * XMR
"""What all crowds of a chain from genesis may begin with: rewards are to come, and amounts have 64 bits."""


def crowd_of(part: Part) -> CrowdSize | None:
    """Return the wallets that a part of a participant keeps."""
    behaviour: type[Behaviour] = part.behaviour
    return behaviour.crowd(part.config)


def crowds_of(scenario: Scenario, composed: Mapping[str, Composition]) -> Iterator[tuple[str, Part, CrowdSize]]:
    """List the crowds of each participant, as often as it has members."""
    for group, composition in composed.items():
        for part in composition.parts:
            crowd = crowd_of(part)
            if crowd is not None:
                for _ in range(scenario.participants[group].count):
                    yield group, part, crowd


def granted(scenario: Scenario, composed: Mapping[str, Composition]) -> int:
    """Return what all crowds begin with, atomic units."""
    return sum(crowd.users * crowd.initial_balance for _, _, crowd in crowds_of(scenario, composed))


def nodes_of(scenario: Scenario, composed: Mapping[str, Composition], crowd: CrowdSize) -> list[str]:
    """Return the hosts whose nodes a crowd names; none if it names nobody."""
    return [host for name in crowd.nodes for host in owners_of_nodes(scenario, composed, name) or ()]


def crowd_problems(
    scenario: Scenario, composed: Mapping[str, Composition], engine: Engine | None
) -> Iterator[RawProblem]:
    """Check that the engine can play crowds, that their nodes are there, and that there can be as many coins."""
    parts: Sequence[tuple[str, Part, CrowdSize]] = list(crowds_of(scenario, composed))
    for part in {part.path: part for _, part, _ in parts}.values():
        crowd = crowd_of(part)
        if engine is not None and not engine.crowds:
            message = (
                f"the actor {quote(part.use)} keeps wallets in the model, and the engine {scenario.simulation.engine} "
                "runs real ones"
            )
            hint = 'use kind = "regular-user" with a count, or the engine embedded'
            yield RawProblem(path=part.path, message=message, hint=hint, depends_on=(("simulation", "engine"),))
        for index, name in enumerate(() if crowd is None else crowd.nodes):
            if owners_of_nodes(scenario, composed, name) == []:
                path: Path = (*part.path, "nodes", index)
                message = f"{quote(name)} has no node of its own"
                yield RawProblem(path=path, message=message, depends_on=(("participants", name),))
    total, begins = granted(scenario, composed), scenario.consensus.chain_start
    most = _MOST_COINS if begins is None else int(begins.supply) - 2 * GENESIS_REWARD
    if parts and total > most:
        message = f"all users together begin with {format_amount(total)}, {format_amount(max(0, most))} at most"
        depends_on: tuple[Path, ...] = (("consensus", "start"),)
        yield RawProblem(path=(*parts[0][1].path, "initial_balance"), message=message, depends_on=depends_on)
