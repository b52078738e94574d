"""How many payments a plan's behaviours mean to make."""

from monerosim.plan.plan import Plan
from monerosim.units import SECOND


def requested_payments(plan: Plan, end: int) -> int:
    """Sum the payments that the plan's behaviours mean to make on average.

    Args:
        plan: The plan.
        end: When nobody pays any more, microseconds since the run's start.
    """
    total = sum(
        rate.per_second * max(0, min(rate.until, end) - rate.since) / SECOND
        for host in plan.hosts
        for actor in host.actors
        for rate in actor.payments
    )
    return round(total)
