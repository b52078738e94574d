"""What runs there are, and how far each is."""

from http import HTTPStatus

import msgspec

from monerosim.results.listing import DONE, NOT_PLAYED, PLAYED, state_of
from monerosim.runs import RunError
from monerosim.serve.operation import Call, Chosen, Operation, Refusal
from monerosim.serve.site import ShownRun


class RunEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A run."""

    id: str
    state: str
    """``not played``, ``being played``, ``done``, or why it ended early or cannot be read."""
    readable: bool
    name: str = ""
    engine: str = ""
    seed: int = 0
    participants: int = 0
    duration: int = 0
    """The length of the scenario's own time, microseconds."""


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is. Times are microseconds since the scenario's time zero."""

    run: str
    """The run's id."""
    name: str
    engine: str
    seed: int
    participants: int
    state: str
    """``not played``, ``being played``, ``done``, or why it ended early."""
    playing: bool
    ended: bool
    t: int
    """Of the latest event; where a run tells how far it is, that."""
    begin: int
    """When the run begins: negative by the length of its bootstrap."""
    duration: int
    """The length of the scenario's own time."""
    end: int
    """When it is to stop: the last items get time to arrive."""
    height: int
    payments: int
    """Sent so far."""
    failures: int
    digest: str = ""
    """Of its events, once it has ended."""
    wall_seconds: float = 0.0
    """What it took, once it has ended."""


def chosen(call: Call) -> ShownRun:
    """Return the run that a request means.

    Raises:
        Refusal: There is none.
    """
    shown = call.site.find(call.query.run)
    if shown is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"no such run: {call.query.run}" if call.query.run else "there are no runs")
    return shown


def status_of(shown: ShownRun) -> Status:
    """Return how far a run is."""
    plan, state, counted = shown.run.plan, state_of(shown.run), shown.counting.now()
    status = Status(
        run=shown.id,
        name=plan.name,
        engine=plan.engine,
        seed=plan.seed,
        participants=len(plan.hosts),
        state=state,
        playing=state == PLAYED,
        ended=state not in {PLAYED, NOT_PLAYED},
        t=counted.t,
        begin=-plan.time_zero,
        duration=plan.duration,
        end=plan.stop - plan.time_zero,
        height=counted.values["height"],
        payments=counted.values["payments_sent"],
        failures=counted.values["failures"],
    )
    if status.ended:
        try:
            summary = shown.run.summary
        except RunError:
            return status
        return msgspec.structs.replace(
            status,
            t=max(status.t, status.end) if state == DONE else status.t,
            digest=summary.digest,
            wall_seconds=summary.wall_seconds,
        )
    return status


def _list(call: Call) -> list[RunEntry]:
    runs, unreadable = call.site.runs()
    entries = [
        RunEntry(
            id=id_,
            state=state_of(shown.run),
            readable=True,
            name=shown.run.plan.name,
            engine=shown.run.plan.engine,
            seed=shown.run.plan.seed,
            participants=len(shown.run.plan.hosts),
            duration=shown.run.plan.duration,
        )
        for id_, shown in runs.items()
    ]
    entries += [RunEntry(id=id_, state=reason, readable=False) for id_, reason in unreadable.items()]
    return sorted(entries, key=lambda it: it.id)


def _one(call: Call) -> Status:
    shown = call.site.find(call.path["id"])
    if shown is None:
        raise Refusal(HTTPStatus.NOT_FOUND, f"no such run: {call.path['id']}")
    return status_of(shown)


OPERATIONS = (
    Operation(method="GET", path="/api/runs", summary="The runs that there are.", handle=_list, answer=list[RunEntry]),
    Operation(method="GET", path="/api/runs/{id:path}", summary="How far a run is.", handle=_one, answer=Status),
    Operation(
        method="GET",
        path="/api/status",
        summary="How far the chosen run is.",
        handle=lambda call: status_of(chosen(call)),
        query=Chosen,
        answer=Status,
    ),
)
