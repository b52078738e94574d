"""The summary of a run, made from its plan and its events alone, so that it is the same for every engine."""

from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar, cast

import msgspec

from monerosim.events import Record, event_kinds
from monerosim.events.log import Digest
from monerosim.plan.plan import Plan
from monerosim.report.cells import figures_html
from monerosim.report.figure import Figure
from monerosim.report.figures import all_figures
from monerosim.report.figures.alerts import Alert
from monerosim.report.figures.chain import Chain
from monerosim.report.figures.coins import Coins
from monerosim.report.figures.commands import Commands
from monerosim.report.figures.marketplaces import Marketplace
from monerosim.report.figures.miners import Miner
from monerosim.report.figures.outcome import Outcome
from monerosim.report.figures.payments import Payments
from monerosim.report.figures.probes import Probe
from monerosim.report.figures.propagation import Propagation
from monerosim.report.figures.requests import Requests
from monerosim.report.figures.wallets import WalletGroup
from monerosim.rpc.transport import Json
from monerosim.runtime.collecting import rare_collection
from monerosim.units import SECOND

R = TypeVar("R")


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """A run in numbers: facts of its own, and what each figure comes to; amounts in atomic units.

    ``summary.payments.confirmed`` is a number of the figure ``payments``. Figures beyond those named here are
    attributes by their names as well; ``summary[LongestWaitFigure]`` is the same with its type.
    """

    name: str
    engine: str
    seed: int
    participants: int
    completed: bool
    """False for a run that was stopped, or that ended itself, before its time."""
    failure: str = ""
    """Why the engine could not play the run, or not to an end in order; empty if it could."""
    record_ends: float | None = None
    """Of a run that was killed: when its last event was recorded, seconds since the scenario's time zero. None of one
    that came to an end in order, early or not."""
    bootstrap_seconds: float
    simulated_seconds: float
    """Of the scenario's own time."""
    wall_seconds: float
    """0 where nobody measured it."""
    digest: str
    steered: int = 0
    """How many commands from outside it has taken."""

    outcome: Outcome
    alerts: dict[str, Alert] = {}
    """The scenario's alerts by name."""
    chain: Chain
    payments: Payments
    coins: Coins
    commands: Commands
    miners: dict[str, Miner]
    marketplaces: dict[str, Marketplace]
    """Those that were paid or had orders."""
    probes: dict[str, Probe]
    """By participant and actor."""
    propagation: Propagation
    requests: dict[str, Requests]
    """By the group of participants."""
    wallets: dict[str, WalletGroup]
    """By the group of participants."""
    unknown_events: dict[str, int]
    """Events of kinds that nothing declares that is installed here, by what they are called."""

    def to_dict(self) -> dict[str, Json]:
        """Return it as plain data, as summary.json has it."""
        plain: dict[str, Json] = msgspec.to_builtins(self)
        return plain

    def _repr_html_(self) -> str:
        title = f"{self.name}, engine {self.engine}, seed {self.seed}, digest {self.digest}"
        return figures_html(title, ((kind, self[kind]) for kind in all_figures()))

    def __getitem__(self, figure: type[Figure[R]]) -> R:
        """Return what a figure comes to."""
        result: R = getattr(self, figure.name)
        return result


@cache
def summary_type() -> type[Summary]:
    """Return the class of summaries: :class:`Summary` with a field for each further figure."""
    more = [(kind.name, kind.result_type()) for kind in all_figures() if kind.name not in Summary.__struct_fields__]
    built = msgspec.defstruct("Summary", more, bases=(Summary,), module=__name__, frozen=True, kw_only=True)
    return cast("type[Summary]", built)


def decode_summary(data: bytes) -> Summary:
    """Read a summary.

    Raises:
        ValueError: The bytes are no summary.
    """
    try:
        return msgspec.json.decode(data, type=summary_type())
    except RecursionError as error:
        raise ValueError(str(error)) from error


def encode_summary(summary: Summary) -> bytes:
    """Write a summary as JSON, for people as well."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def unread(plan: Plan) -> frozenset[str]:
    """Return what events are called that the summary of a run does not need."""
    taken = {kind for figure in all_figures() for kind in figure.optional(plan)}
    return frozenset(tag for tag, kind in event_kinds().items() if kind.optional and kind not in taken)


@rare_collection()
def summarise(
    plan: Plan,
    records: Iterable[Record],
    *,
    end: int,
    wall_seconds: float,
    failure: str = "",
    killed: bool = False,
    steered: int = 0,
) -> Summary:
    """Have every figure take a run's events, in one pass.

    Args:
        plan: The run's plan.
        records: Its events, those of one host in the order in which they were written; what :func:`unread` names may
            be left out.
        end: When the run stopped, microseconds since its start.
        wall_seconds: How long it took.
        failure: Why the engine could not play it to an end in order.
        killed: Whether nobody saw it end: it stopped when its last event was recorded.
        steered: How many commands from outside it has taken.
    """
    digest, figures = Digest(), [kind(plan, end) for kind in all_figures()]
    for record in records:
        digest.add(record)
        for figure in figures:
            figure.take(record)
    # A type checker cannot know which figures there are: the class is made of those that were found.
    results: dict[str, Any] = {figure.name: figure.result() for figure in figures}
    return summary_type()(
        name=plan.name,
        engine=plan.engine,
        seed=plan.seed,
        participants=len(plan.hosts),
        completed=end >= plan.stop,
        failure=failure,
        record_ends=(end - plan.time_zero) / SECOND if killed and end < plan.stop else None,
        bootstrap_seconds=plan.time_zero / SECOND,
        simulated_seconds=max(0, min(end, plan.time_zero + plan.duration) - plan.time_zero) / SECOND,
        wall_seconds=round(wall_seconds, 3),
        digest=digest.result(),
        steered=steered,
        **results,
    )
