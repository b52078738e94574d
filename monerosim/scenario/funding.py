"""When a scenario's own time begins: after the start-up, and after the initial balances have been paid."""

from collections.abc import Mapping

from monerosim.engine import Timings
from monerosim.plan.plan import BootstrapPlan
from monerosim.scenario.bootstrap import Payee, bootstrap_length, plan_bootstrap, round_up
from monerosim.scenario.compose import Composition, member_names
from monerosim.scenario.mining import is_controller
from monerosim.scenario.tables import Scenario

FUNDER = "funder"
"""The host that the compiler adds to pay the initial balances."""


def host_names(scenario: Scenario, composed: Mapping[str, Composition]) -> list[str]:
    """Name all hosts, in alphabetical order: who pays the initial balances is one."""
    names = [member for name, it in scenario.participants.items() for member in member_names(name, it.count)]
    return sorted([*names, FUNDER] if payees_of(scenario, composed) else names)


def payees_of(scenario: Scenario, composed: Mapping[str, Composition]) -> list[Payee]:
    """List the outputs of the initial balances, in the order of their hosts' names."""
    payees = [
        Payee(participant=member, amount=share)
        for name, composition in composed.items()
        if composition.wallet is not None
        for member in member_names(name, scenario.participants[name].count)
        for share in _shares(int(composition.wallet.initial_balance), composition.wallet.outputs)
    ]
    return sorted(payees, key=lambda payee: payee.participant)


def _shares(amount: int, outputs: int) -> list[int]:
    """Divide an amount into as equal outputs as can be; none of them is empty."""
    whole, rest = divmod(amount, outputs)
    return [share for number in range(outputs) if (share := whole + (number < rest))]


def bootstrap_of(
    scenario: Scenario, composed: Mapping[str, Composition], pace: Timings
) -> tuple[BootstrapPlan | None, int]:
    """Plan the bootstrap.

    Args:
        scenario: The scenario.
        composed: Its participants, spelled out.
        pace: When programs start, and how quickly the blocks come.

    Returns:
        Its phases, None if nobody is to be paid; and how long it has to be at least, in microseconds.

    Raises:
        ValueError: The initial balances are too high.
    """
    starts = [scenario.simulation.node_start, pace.wallet_start, pace.agent_start]
    if any(is_controller(part) for composition in composed.values() for part in composition.parts):
        starts.append(pace.controller_start)
    start = round_up(max(starts) + pace.settling)
    payees = payees_of(scenario, composed)
    if not payees:
        return None, start
    plan = plan_bootstrap(payees, start, pace.block_interval)
    return plan, bootstrap_length(plan)
