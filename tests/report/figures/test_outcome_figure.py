"""How a run ended."""

from figure_records import lines, record, taken

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
    assert result.failed == {"alice/wallet": 1, "alice/monerod": 1, "funder/wallet": 1}
    assert result.given_up == ["funder/wallet", "alice/monerod"]
    assert result.bootstrap_failure == "no coins"
    assert len(list(OutcomeFigure.notices(result))) == 3


def test_whoever_failed_is_named_with_how_often_and_whether_it_was_started_again():
    result = taken(
        OutcomeFigure,
        record(ev.ProcessDied("wallet", -9), "bob", 3),
        record(ev.ProcessRestarted("wallet", 1), "bob", 4),
        record(ev.ProcessDied("wallet", -9), "bob", 5),
        record(ev.ProcessDied("agent", -9), "alice", 6),
    )
    assert lines(OutcomeFigure, result)["failures"] == (
        "3 of actors, daemons or wallets, bob/wallet 2 times (started again 1), alice/agent 1 time"
    )


def test_of_many_that_failed_some_are_named():
    many = [record(ev.ProcessDied("agent", 1), f"user-{number}") for number in range(8)]
    assert lines(OutcomeFigure, taken(OutcomeFigure, *many))["failures"].endswith("and 3 more, in summary.json")


def test_a_bootstrap_that_failed_is_told_once():
    failed = [record(ev.BootstrapFailed("no coins"), "funder"), record(ev.RunEnded("the bootstrap failed: no coins"))]
    assert len(list(OutcomeFigure.notices(taken(OutcomeFigure, *failed)))) == 1


def test_the_first_reason_counts():
    later, first = (record(ev.RunEnded(reason), name, t) for reason, name, t in (("b", "x", 2), ("a", "y", 1)))
    assert taken(OutcomeFigure, later, first).reason == "a"
