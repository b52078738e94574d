"""The ready scenario with spies: the ten questions of `monerosim query --examples` have answers on it."""

from pathlib import Path

import pytest
from figure_records import block, host, taken
from small_runs import ended_well
from small_world import make_plan

from monerosim import load, run
from monerosim.report.figures.races import RacesFigure
from monerosim.report.figures.spies import Spies, SpiesFigure
from monerosim.tables.examples import EXAMPLES

SCENARIO = Path(__file__).parents[3] / "scenarios/spies.toml"

FIRST_SPY = """
with firsts as (
    select item, arg_min(sender, t_us) as guess, arg_min(phase, t_us) as phase from relays
    where receiver like 'spy-%' and sender not like 'spy-%' and phase in ('stem', 'fluff', 'embargo') group by item
), paid as (select txid, sender from transactions where not bootstrap)
select count(*) as n, count(*) filter (guess = sender) / count(*) as recall,
    count(*) filter (guess = sender and phase = 'stem') / count(*) as stem_recall
from paid left join firsts on item = txid
"""


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    played = run(load(SCENARIO), tmp_path_factory.mktemp("spies") / "run")
    ended_well(played)
    return played


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.question for example in EXAMPLES])
def test_every_question_has_an_answer(played, example):
    assert len(EXAMPLES) == 10
    assert played.query(example.sql).num_rows > 0


def test_what_spies_find_out_is_what_the_tables_say(played):
    (counted,) = played.query(FIRST_SPY).to_pylist()
    spies = played.summary.spies
    assert (spies.nodes, spies.transactions) == (6, counted["n"])
    assert spies.recall == pytest.approx(counted["recall"])
    assert spies.stem_recall == pytest.approx(counted["stem_recall"])
    # Nobody can do worse than this on average; of so few payments by no more than four standard errors.
    assert spies.stem_recall > 0.2 * spies.outgoing


def test_a_run_without_spies_says_nothing_of_them():
    assert taken(SpiesFigure) == Spies()


def test_without_ties_nobody_has_followers():
    plan = make_plan(host("alice", role="miner", hashrate=1.0))
    assert taken(RacesFigure, block("a"), plan=plan) == {}
