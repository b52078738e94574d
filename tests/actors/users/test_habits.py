"""When users pay and how much: heavy tails, and the course of the day.

Each statistical test refuses what is right once in a thousand changes of code; seeds are fixed.
"""

from itertools import pairwise

import pytest
from scipy.stats import chisquare, kstest, lognorm, truncpareto
from small_runs import NETWORK, happened, play

from actors.users.habits import UserConfig
from monerosim import ScenarioError
from monerosim.config import load_config
from monerosim.events import PaymentDelayed, PaymentSent
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND, XMR

HOUR = 3600 * SECOND
WEIGHTS = [0, 1, 3, 2, 0, 4] + [1] * 18
CROWD = (
    NETWORK.replace("30m", "6h")
    + f"""
[participants.people]
kind = "crowd"
users = 100
outputs = 20
node = "miner"
initial_balance = "100 XMR"
min_amount = 0.01
max_amount = 0.3
hourly_weights = {WEIGHTS}
"""
)


def configured(**keys):
    return load_config(keys, UserConfig)


def times_of(config, seed, until, zero=0):
    """Return when payments come due in the first hours of a run."""
    rng, due, last = Rng(seed), [], 0
    origin = config.draw_origin(0, zero, rng)
    while (last := config.next_due(last, origin, zero, rng)) < until:
        due.append(last)
    return due


def test_amounts_have_the_tail_that_is_asked_for():
    config, rng = configured(min_amount=0.1, max_amount=50, amount_tail=1.2), Rng(3)
    drawn = [config.draw_amount(rng) / XMR for _ in range(4000)]
    assert kstest(drawn, truncpareto(1.2, 500, scale=0.1).cdf).pvalue > 1e-3
    assert kstest(drawn, truncpareto(1.3, 500, scale=0.1).cdf).pvalue < 1e-3


def test_intervals_are_log_normal_with_the_mean_that_is_asked_for():
    due = times_of(configured(transaction_interval="10m", interval_sigma=1.5), 4, 15_000 * HOUR)
    gaps = [(after - before) / SECOND for before, after in pairwise(due)]
    median = 600 / 2.718281828459045 ** (1.5**2 / 2)
    assert kstest(gaps, lognorm(1.5, scale=median).cdf).pvalue > 1e-3
    assert kstest(gaps, lognorm(1.5, scale=1.05 * median).cdf).pvalue < 1e-3


def test_the_rate_is_the_same_from_the_beginning():
    """A user comes into the midst of an interval: as many payments in the first hour as in any other."""
    config = configured(transaction_interval="1h", interval_sigma=1.5)
    counts = [0] * 8
    for seed in range(1500):
        for due in times_of(config, seed, 8 * HOUR):
            counts[due // HOUR] += 1
    # Payments come together more than independent ones do: the bounds are four standard deviations.
    assert counts[0] == pytest.approx(1500, rel=0.12)
    assert sum(counts) == pytest.approx(8 * 1500, rel=0.1)


@pytest.mark.parametrize("keys", [{"transaction_interval": "5m"}, {"transaction_frequency": 0.2}])
def test_payments_follow_the_course_of_the_day(keys):
    zero = HOUR // 3
    config = configured(hourly_weights=WEIGHTS, **keys)
    due = [time - zero for time in times_of(config, 5, 240 * HOUR + zero, zero) if time >= zero]
    counts = [sum(time // HOUR % 24 == hour for time in due) for hour in range(24)]
    assert [counts[hour] for hour in (0, 4)] == [0, 0]
    counts = [count for count in counts if count]
    weights = [weight for weight in WEIGHTS if weight]
    assert len(due) == pytest.approx(240 * 12, abs=150)
    assert chisquare(counts, [sum(counts) * it / sum(weights) for it in weights]).pvalue > 1e-3


def test_what_is_requested_has_the_course_of_the_day(tmp_path):
    played = play(CROWD, tmp_path / "run", "participants.people.transaction_interval=2h", seed=6)
    requests = played.summary.requests["people"]
    sent = [(record.t - played.plan.time_zero) // HOUR for record in happened(played, PaymentSent)]
    assert not happened(played, PaymentDelayed)
    share = sum(WEIGHTS[:6]) / sum(WEIGHTS)
    assert requests.requested == pytest.approx(1200 * share)
    # On a grid of intervals each user makes one payment more or less at most.
    assert requests.drawn == pytest.approx(requests.requested, abs=40)
    counts = [sent.count(hour) for hour in (1, 2, 3, 5)]
    assert chisquare(counts, [sum(counts) * weight / 10 for weight in (1, 3, 2, 4)]).pvalue > 1e-3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("interval_sigma=1", "interval_sigma needs transaction_interval"),
        ("hourly_weights=[1, 2, 3]", "hourly_weights must be 24 numbers of at least 0, not all of them 0"),
    ],
)
def test_habits_that_are_refused(tmp_path, change, message):
    with pytest.raises(ScenarioError, match=message):
        play(CROWD, tmp_path / "run", f"participants.people.{change}")
