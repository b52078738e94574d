"""Who of a scenario's participants are miners, and which of them are so small that they are users as well."""

from collections.abc import Mapping, Sequence

import msgspec

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.facts import solo_limit_of
from monerosim.agent.registry import behaviours_with, load_behaviour
from monerosim.config import load_config
from monerosim.plan.roles import BLOCK_CONTROLLER, MINER
from monerosim.plugins import PluginError, PluginFiles
from monerosim.scenario.compose import Composition, Part
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Scenario
from monerosim.units import MAX_DURATION, format_duration

MOST_BLOCKS = 1_000_000
"""Blocks of a run: those of four years, and some hours of work for a machine."""

_SHARES = 100
_ALL: tuple[Path, ...] = (("participants",),)


def with_solo_miners(
    scenario: Scenario, composed: Mapping[str, Composition], files: PluginFiles | None = None
) -> tuple[dict[str, Composition], list[RawProblem]]:
    """Make solo miners users too, by the behaviour that the block controller names, in its defaults.

    A solo miner is one whose hashrate is below the block controller's limit. One that the scenario already composes of
    that behaviour keeps its own.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        files: Where the scenario's own files are.

    Returns:
        The participants, and what is wrong with the block controller's declaration.
    """
    limit, user, findings = 0.0, None, []
    hashrates: list[float] = []
    for name, composition in composed.items():
        for part in composition.parts:
            if part.awaits_controller:
                hashrates += [part.hashrate] * scenario.participants[name].count
    for name, composition in composed.items():
        for part in composition.parts:
            if not (part.is_controller and part.behaviour.solo_behaviour and scenario.participants[name].count):
                continue
            try:
                user = part.behaviour.solo_behaviour, load_behaviour(part.behaviour.solo_behaviour, files)
                limit = solo_limit_of(part.behaviour, part.config, hashrates)
            except PluginError as error:
                message = f'the actor "{part.use}" cannot be asked for solo miners: {error}'
                findings.append(RawProblem(path=part.path, message=message, depends_on=_ALL))
    if user is None:
        return dict(composed), findings
    return {
        name: _as_user(composition, *user) if any(_is_below(part, limit) for part in composition.parts) else composition
        for name, composition in composed.items()
    }, findings


def _is_below(part: Part, limit: float) -> bool:
    return part.awaits_controller and 0 < part.hashrate < limit


def _as_user(composition: Composition, use: str, behaviour: type[Behaviour]) -> Composition:
    parts = composition.parts
    if not any(issubclass(part.behaviour, behaviour) for part in parts):
        config = load_config({}, behaviour.Config)
        parts = (*parts, Part(use=use, behaviour=behaviour, config=config, path=parts[0].path))
    return msgspec.structs.replace(composition, parts=parts, solo=True)


def mining_problems(scenario: Scenario, composed: Mapping[str, Composition]) -> list[RawProblem]:
    """Check that blocks will be found, and that the hashrates add up."""
    findings: list[RawProblem] = []
    awaiting: list[tuple[Path, float]] = []
    autonomous: list[tuple[Path, float]] = []
    controllers: list[Path] = []
    for name, composition in composed.items():
        count = scenario.participants[name].count
        for part in composition.parts:
            if part.is_miner and count:
                (awaiting if part.awaits_controller else autonomous).append((part.path, part.hashrate * count))
        controllers += [part.path for part in composition.parts if part.is_controller] * count
    wallets = [name for name, it in composed.items() if it.wallet is not None and scenario.participants[name].count]
    if len(controllers) > 1:
        message = f"there are {len(controllers)} block controllers, a scenario has at most one"
        findings.append(RawProblem(path=controllers[1], message=message))
    if awaiting and not controllers:
        message = "there are miners but no block controller, which they await: no block will be found"
        findings.append(_warning(awaiting[0][0], message, f"add a participant with {_kind(BLOCK_CONTROLLER)}"))
    if wallets and not (awaiting or autonomous or controllers):
        message = "nobody finds blocks: no payment will be confirmed"
        hint = f"add a participant with {_kind(MINER)} and a hashrate, and one with {_kind(BLOCK_CONTROLLER)}"
        findings.append(_warning(("participants", wallets[0]), message, hint))
    if controllers and not awaiting:
        message = "there is a block controller but no miner that awaits it: no block will be found"
        findings.append(_warning(controllers[0], message, f"add a participant with {_kind(MINER)} and a hashrate"))
    total = sum(share for _, share in awaiting)
    if awaiting and not _is_whole(total):
        message = f"the hashrates add up to {total:g}, not to 100: shares are taken of {total:g}"
        findings.append(_warning(awaiting[0][0], message))
    shares = [(path, share) for path, share in autonomous if share > 0]
    rate = (_SHARES if controllers and awaiting else 0) + sum(share for _, share in shares)
    findings += _too_many_blocks(scenario, rate)
    if controllers and awaiting:
        findings += _steady_pace(scenario)
    return findings + _unusual_pace(scenario, shares)


def _steady_pace(scenario: Scenario) -> list[RawProblem]:
    """Find a difficulty that nothing can move."""
    if not scenario.consensus.is_dynamic:
        return []
    message = "a block controller keeps its pace, whatever the difficulty and the hashrates of those who await it"
    hint = "for a pace that follows the hashrate, let autonomous miners find the blocks"
    path: Path = ("consensus", "difficulty")
    return [RawProblem(path=path, message=message, hint=hint, severity="warning", depends_on=_ALL)]


def _unusual_pace(scenario: Scenario, shares: Sequence[tuple[Path, float]]) -> list[RawProblem]:
    """Find hashrates of autonomous miners at which blocks do not come every block time."""
    total = sum(share for _, share in shares)
    if not shares or _is_whole(total):
        return []
    wait = scenario.consensus.block_time * _SHARES / total
    comes = f"every {format_duration(round(wait))}" if wait <= MAX_DURATION else "less than once in a hundred years"
    message = f"the autonomous miners' hashrates add up to {total:g}, not to 100: their blocks come {comes}"
    if scenario.consensus.is_dynamic:
        message += " until the difficulty has followed"
    return [_warning(shares[0][0], message)]


def _too_many_blocks(scenario: Scenario, rate: float) -> list[RawProblem]:
    """Check that a run does not have more blocks than can be played; ``rate`` is percent of one each block time."""
    blocks = scenario.simulation.duration * rate / _SHARES / max(1, scenario.consensus.block_time)
    if blocks <= MOST_BLOCKS:
        return []
    path: Path = ("consensus", "block_time")
    message = f"the run would have {blocks:.3g} blocks, at most {MOST_BLOCKS} work"
    return [RawProblem(path=path, message=message, depends_on=(*_ALL, ("simulation", "duration"), path))]


def _warning(path: Path, message: str, hint: str = "") -> RawProblem:
    return RawProblem(path=path, message=message, hint=hint, severity="warning", depends_on=_ALL)


def _is_whole(total: float) -> bool:
    return abs(total - _SHARES) <= 1e-9  # noqa: PLR2004  (thirds do not add up exactly)


def _kind(role: str) -> str:
    """Write how a participant comes to a role: by the first behaviour of it that is installed."""
    names = (name for name, behaviour in behaviours_with(role) if not behaviour.autonomous)
    return f'kind = "{next(names, "...")}"'
