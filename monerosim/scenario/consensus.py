"""What a scenario says of difficulty and of the chain's beginning: whether it goes together, and with the engine."""

from monerosim.engine import Engine
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import ChainStart, Consensus, Scenario
from monerosim.units import SECOND, format_amount, format_duration

_DIFFICULTY: Path = ("consensus", "difficulty")
_START: Path = ("consensus", "start")
_BLOCK_TIME: Path = ("consensus", "block_time")
_ENGINE: Path = ("simulation", "engine")


def consensus_problems(scenario: Scenario, engine: Engine | None) -> list[RawProblem]:
    """Check difficulty and start against each other, the block time and the engine (None if there is none such)."""
    consensus, findings = scenario.consensus, []
    if consensus.is_dynamic and consensus.block_time % SECOND:
        message = (
            "a dynamic difficulty aims at whole seconds, as timestamps are: "
            f"block_time is {format_duration(consensus.block_time)}"
        )
        findings.append(RawProblem(path=_BLOCK_TIME, message=message, depends_on=(_DIFFICULTY, _BLOCK_TIME)))
    if not consensus.is_dynamic and isinstance(consensus.start, ChainStart) and consensus.start.difficulty is not None:
        message = 'it is the first of a difficulty that follows the hashrate: set difficulty = "dynamic" as well'
        findings.append(RawProblem(path=(*_START, "difficulty"), message=message, depends_on=(_DIFFICULTY,)))
    if consensus.chain_start is not None and consensus.chain_start.supply < GENESIS_REWARD:
        own = format_amount(consensus.chain_start.supply)
        message = f"the genesis block alone creates {format_amount(GENESIS_REWARD)}, got {own}"
        findings.append(RawProblem(path=(*_START, "supply"), message=message))
    if engine is not None and engine.real_programs:
        depends_on = (_ENGINE,)
        if consensus.is_dynamic:
            message = f'on the engine "{scenario.simulation.engine}" the difficulty is fixed, as in any regtest network'
            hint = 'set a number, or play the scenario on the engine "embedded"'
            findings.append(RawProblem(path=_DIFFICULTY, message=message, hint=hint, depends_on=depends_on))
        if consensus.chain_start is not None:
            message = f'on the engine "{scenario.simulation.engine}" a chain begins at genesis'
            hint = 'leave start out, or play the scenario on the engine "embedded"'
            findings.append(RawProblem(path=_START, message=message, hint=hint, depends_on=depends_on))
        if consensus.pool_lifetime != Consensus().pool_lifetime:
            message = f'on the engine "{scenario.simulation.engine}" it is monerod\'s own, three days'
            findings.append(RawProblem(path=("consensus", "pool_lifetime"), message=message, depends_on=depends_on))
        if not consensus.stems_in_blocks:
            message = f'on the engine "{scenario.simulation.engine}" miners take them, as in any regtest network'
            findings.append(RawProblem(path=("consensus", "stems_in_blocks"), message=message, depends_on=depends_on))
    return findings
