"""When a scenario's own time begins: after the start-up, and after the initial balances have been paid."""

from collections.abc import Iterator, Mapping

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.registry import behaviours_with
from monerosim.engine import Timings
from monerosim.monero.emission import GENESIS_REWARD
from monerosim.plan.funding import FUNDER_HOST, FundingConfig, equal_shares
from monerosim.plan.plan import BootstrapPlan
from monerosim.plan.roles import FUNDER
from monerosim.plugins import PluginError
from monerosim.scenario.bootstrap import Payee, bootstrap_length, plan_bootstrap, round_up
from monerosim.scenario.compose import Composition, member_names
from monerosim.scenario.crowds import granted
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import MAX_COUNT, Scenario
from monerosim.units import MAX_DURATION, format_duration


def host_names(scenario: Scenario, composed: Mapping[str, Composition]) -> list[str]:
    """Name all hosts, in alphabetical order: who pays the initial balances is one."""
    names = [member for name, it in scenario.participants.items() for member in member_names(name, it.count)]
    return sorted([*names, FUNDER_HOST] if payees_of(scenario, composed) or granted(scenario, composed) else names)


def payees_of(scenario: Scenario, composed: Mapping[str, Composition]) -> list[Payee]:
    """List the outputs of the initial balances, in the order of their hosts' names."""
    payees = [
        Payee(participant=member, amount=share)
        for name, composition in composed.items()
        if composition.wallet is not None
        for member in member_names(name, scenario.participants[name].count)
        for share in equal_shares(int(composition.wallet.initial_balance), composition.wallet.outputs)
    ]
    return sorted(payees, key=lambda payee: payee.participant)


def bootstrap_of(
    scenario: Scenario, composed: Mapping[str, Composition], timings: Timings, ring_size: int
) -> tuple[BootstrapPlan | None, int]:
    """Plan the bootstrap.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        timings: When programs start, and how quickly the blocks come.
        ring_size: How many outputs there have to be before anybody can pay.

    Returns:
        Its phases, None if nobody is to be paid; and how long it has to be at least, in microseconds.

    Raises:
        ValueError: The initial balances are too high.
    """
    starts = [scenario.simulation.node_start, timings.wallet_start, timings.agent_start]
    if any(part.is_controller for composition in composed.values() for part in composition.parts):
        starts.append(timings.controller_start)
    start = round_up(max(starts) + timings.settling)
    payees, given = payees_of(scenario, composed), granted(scenario, composed)
    if not payees and not given:
        return None, start
    begins = scenario.consensus.chain_start
    supply = GENESIS_REWARD if begins is None else int(begins.supply)
    if given and begins is not None:
        supply = max(supply - given, GENESIS_REWARD + 1)
    plan = plan_bootstrap(payees, start, timings.block_interval, supply, ring_size)
    return plan, bootstrap_length(plan)


def find_funder() -> tuple[str, type[Behaviour]]:
    """Find the behaviour that pays the initial balances.

    Returns:
        Its name and class.

    Raises:
        PluginError: No package brings one.
    """
    for name, behaviour in behaviours_with(FUNDER):
        if issubclass(behaviour.Config, FundingConfig):
            return name, behaviour
    raise PluginError(f'no behaviour of the role "{FUNDER}" is installed, to pay the initial balance')


def examine_funding(
    scenario: Scenario, composed: Mapping[str, Composition], timings: Timings, ring_size: int
) -> tuple[BootstrapPlan | None, int, list[RawProblem]]:
    """Plan the bootstrap, and check that there is time for it.

    What could not be read of the participants only adds to their balances, and so to the bootstrap.

    Returns:
        As :func:`bootstrap_of`, and what is wrong.
    """
    findings = [*_own_funders(composed)]
    _, start_up = bootstrap_of(scenario, {}, timings, ring_size)
    funded = sorted(name for name, it in composed.items() if it.wallet is not None and it.wallet.initial_balance)
    total = sum(participant.count for participant in scenario.participants.values())
    try:
        bootstrap, needed = bootstrap_of(scenario, composed if total <= MAX_COUNT else {}, timings, ring_size)
    except ValueError as error:
        path: Path = ("participants", funded[0], "wallet", "initial_balance")
        findings.append(RawProblem(path=path, message=str(error)))
        bootstrap, needed = None, start_up
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
    if bootstrap is not None and funded:
        try:
            find_funder()
        except PluginError as error:
            findings.append(RawProblem(path=("participants", funded[0], "wallet"), message=str(error)))
    return bootstrap, needed, findings


def _own_funders(composed: Mapping[str, Composition]) -> Iterator[RawProblem]:
    """Find funders among the participants: they begin with the others, when the bootstrap is over, and end the run."""
    for composition in composed.values():
        for part in composition.parts:
            if part.behaviour.role == FUNDER:
                message = f'"{part.use}" is no participant\'s: it is added where there are initial balances'
                hint = 'give the others wallet = { initial_balance = "10 XMR" }'
                yield RawProblem(path=part.path, message=message, hint=hint)
