"""The summary is made from a plan and its events alone; what is in it are the figures that there are."""

import io
from collections import defaultdict

import msgspec
import pytest
from figure_records import record
from rich.console import Console
from small_runs import WHOLE, play
from small_world import make_host_plan, make_plan

from monerosim import events as ev
from monerosim.cli.commands.report import print_summary
from monerosim.report import figures
from monerosim.report.figures.payments import PaymentsFigure
from monerosim.report.summary import Summary, decode_summary, encode_summary, summarise, summary_type, unread
from monerosim.units import SECOND

MINUTE = 60 * SECOND


def summary_of(*records, plan=None, end=None):
    plan = plan or make_plan(make_host_plan("alice"))
    return summarise(plan, records, end=plan.stop if end is None else end, wall_seconds=1.23456)


@pytest.mark.parametrize(("end", "simulated", "completed"), [(0, 0, False), (600, 300, False), (3900, 3600, True)])
def test_time_is_the_scenarios_own(end, simulated, completed):
    plan = make_plan(make_host_plan("alice"), time_zero=300 * SECOND)
    summary = summary_of(plan=plan, end=end * SECOND)
    assert (summary.simulated_seconds, summary.bootstrap_seconds) == (simulated, 300)
    assert summary.completed is completed
    assert (summary.participants, summary.wall_seconds) == (1, 1.235)


WATCHED = """
[record]
relays = "all"

[participants.spy]
kind = "spy"
count = 2

[[alerts]]
when = "payment-unconfirmed"
name = "slow"
after = "1s"
"""


@pytest.mark.parametrize(("more", "passed_over"), [("", True), ('[record]\nrelays = "all"', True), (WATCHED, False)])
def test_what_no_figure_takes_is_not_read(tmp_path, more, passed_over):
    played = play(WHOLE + more, tmp_path / "run")
    plan, seconds = played.plan, played.summary.wall_seconds
    assert ("item-relayed" in unread(plan)) is passed_over
    assert (played.summary.spies.transactions > 0) is (played.summary.alerts != {}) is not passed_over
    assert summarise(plan, played.events(), end=plan.stop, wall_seconds=seconds) == played.summary


def test_the_order_in_which_hosts_wrote_does_not_matter(tmp_path):
    played = play(WHOLE, tmp_path / "run")
    by_host = defaultdict(list)
    for each in played.events():
        by_host[each.participant].append(each)
    assert len(by_host) > 5
    regrouped = [each for name in sorted(by_host, reverse=True) for each in by_host[name]]
    again = summarise(played.plan, regrouped, end=played.plan.stop, wall_seconds=played.summary.wall_seconds)
    assert again == played.summary


def test_an_event_more_is_another_digest():
    records = [record(ev.ActorFailed("x", str(number)), t=number) for number in range(4)]
    assert len(summary_of(*records).digest) == 64
    assert summary_of(*records).digest != summary_of(*records[1:]).digest


def test_a_summary_is_read_back_as_it_was(tmp_path):
    summary = play(WHOLE, tmp_path / "run").summary
    assert summary.payments.sent > 0
    assert decode_summary(encode_summary(summary)) == summary
    made_again = play(WHOLE, tmp_path / "again").summary
    assert msgspec.structs.replace(made_again, wall_seconds=0.0) == msgspec.structs.replace(summary, wall_seconds=0.0)


def test_the_figures_named_in_the_summary_have_their_results_types():
    kinds = {kind.name: kind for kind in figures.all_figures()}
    types = {field.name: field.type for field in msgspec.structs.fields(Summary)}
    assert {"chain", "payments", "coins", "miners", "propagation"} <= types.keys() & kinds.keys()
    for name in types.keys() & kinds.keys():
        assert kinds[name].result_type() == types[name]
    assert all(kind.title.endswith("?") for kind in kinds.values())


LONGEST_WAIT = '''
"""How long the slowest payment waited."""

import msgspec

from monerosim.events import PaymentConfirmed
from monerosim.report.figure import Column, Figure, Line, Phrase, Rows
from monerosim.units import SECOND


class LongestWait(msgspec.Struct, frozen=True):
    seconds: float


class LongestWaitFigure(Figure[LongestWait]):
    name = "longest_wait"
    title = "How long did the slowest payment wait?"

    def __init__(self, plan, end):
        super().__init__(plan, end)
        self._longest = 0

    def take(self, record):
        if isinstance(record.data, PaymentConfirmed):
            self._longest = max(self._longest, record.data.elapsed)

    def result(self) -> LongestWait:
        return LongestWait(self._longest / SECOND)

    @staticmethod
    def lines(result):
        yield Line("slowest", (Phrase(f"{result.seconds:g} s"),))

    @staticmethod
    def rows(result):
        return Rows((Column("wait"), Column("longest", "s", ".1f")), (("payment", result.seconds),))
'''


@pytest.fixture
def more_figures(tmp_path, monkeypatch):
    (tmp_path / "longest_wait.py").write_text(LONGEST_WAIT)
    monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(tmp_path)])
    for cached in (figures.all_figures, summary_type):
        cached.cache_clear()
    yield
    for cached in (figures.all_figures, summary_type):
        cached.cache_clear()


@pytest.mark.usefixtures("more_figures")
def test_a_module_with_a_figure_is_all_that_a_new_one_takes(tmp_path):
    played = play(WHOLE, tmp_path / "run")
    summary = played.summary
    waited = max(each.data.elapsed for each in played.events() if isinstance(each.data, ev.PaymentConfirmed)) / SECOND
    assert waited > 0
    assert summary.longest_wait.seconds == waited
    assert msgspec.json.decode((played.directory / "summary.json").read_bytes())["longest_wait"] == {"seconds": waited}
    assert summary[figures.all_figures()[-1]] == summary.longest_wait
    assert summary[PaymentsFigure] == summary.payments
    out = io.StringIO()
    print_summary(played, Console(file=out, width=120, color_system=None, highlight=False))
    shown = [" ".join(line.split()) for line in out.getvalue().splitlines()]
    assert f"slowest {waited:g} s" in shown
    assert shown[shown.index("wait longest (s)") + 1] == f"payment {waited:.1f}"
