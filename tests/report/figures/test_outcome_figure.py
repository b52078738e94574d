"""How a run ended."""

from figure_records import record, taken

from monerosim import events as ev
from monerosim.report.figures.outcome import Outcome, OutcomeFigure


def test_nothing_went_wrong():
    result = taken(OutcomeFigure)
    assert result == Outcome()
    assert list(OutcomeFigure.notices(result)) == list(OutcomeFigure.lines(result)) == []


def test_failures_count_the_funders_too():
    result = taken(
        OutcomeFigure,
        ev.ActorFailed("wallet", "RuntimeError: x"),
        record(ev.ActorFailed("wallet", "RuntimeError: x"), "funder"),
        ev.ProcessDied("monerod", 1),
        record(ev.ProcessGivenUp("monerod", 3), t=5),
        record(ev.ActorGivenUp("wallet", 3), "funder", t=4),
        record(ev.BootstrapFailed("no coins"), "funder"),
    )
    assert result.failures == 3
    assert result.given_up == ["funder/wallet", "alice/monerod"]
    assert result.bootstrap_failure == "no coins"
    assert len(list(OutcomeFigure.notices(result))) == 3


def test_the_first_reason_counts():
    later, first = (record(ev.RunEnded(reason), name, t) for reason, name, t in (("b", "x", 2), ("a", "y", 1)))
    assert taken(OutcomeFigure, later, first).reason == "a"
