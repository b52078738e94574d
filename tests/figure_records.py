"""What a figure comes to, of records that a test makes."""

from small_world import make_host_plan, make_plan

from monerosim.events import BlockContents, Record
from monerosim.plan.plan import ActorPlan


def record(data, participant="alice", t=0):
    return Record(t, participant, "actor", "cause", data)


def block(name, previous="", height=1, miner="alice", t=0, transactions=()):
    """Return the record of a block that a node has."""
    contents = BlockContents(
        hash=name,
        height=height,
        previous=previous,
        node=miner or "alice",
        miner=miner,
        transactions=transactions,
        weight=1,
        long_term_weight=1,
        reward=35,
        fees=0,
        difficulty=1,
        cumulative_difficulty=height,
        timestamp=0,
    )
    return record(contents, "alice", t)


def host(name, **actor):
    return make_host_plan(name, ActorPlan(name="it", use="it", start=0, **actor))


def taken(kind, *records, plan=None, end=None):
    """Return a figure's result of records; events alone are the participant alice's at time zero."""
    plan = plan or make_plan(make_host_plan("alice"))
    figure = kind(plan, plan.stop if end is None else end)
    for each in records:
        figure.take(each if isinstance(each, Record) else record(each))
    return figure.result()


def lines(kind, result):
    """Return the lines of the overview as text."""
    return {line.name: ", ".join(phrase.text for phrase in line.phrases) for line in kind.lines(result)}
