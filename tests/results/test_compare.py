"""Comparing runs: chance is told from difference, at the rates that are stated; and where equal runs part."""

import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import binom
from small_runs import NETWORK, THREE_POOLS, WHOLE, play

from monerosim.cli import main
from monerosim.events.log import EVENTS
from monerosim.results.compare import compare, differences, least_chance

POOLS = "[simulation]\nname = 'pools'\nduration = '20m'\n[consensus]\nblock_time = '20s'\n" + THREE_POOLS

RUNS = 30


@pytest.fixture(scope="module")
def equal(tmp_path_factory):
    """Runs of one scenario, each of another seed."""
    directory = tmp_path_factory.mktemp("equal")
    return [play(POOLS, directory / str(seed), seed=seed) for seed in range(2 * RUNS)]


@pytest.fixture(scope="module")
def stronger(tmp_path_factory):
    """Half as many of the same seeds, in which a pool has a fifth more of the hashrate."""
    directory = tmp_path_factory.mktemp("stronger")
    return [play(POOLS, directory / str(seed), "participants.alpha.hashrate=60", seed=seed) for seed in range(RUNS)]


def call(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_equal_runs_are_called_different_as_rarely_as_stated(equal):
    summaries = [run.summary for run in equal]
    rng = np.random.default_rng(7)
    wrong, tries = 0, 60
    for _ in range(tries):
        order = rng.permutation(len(summaries))
        one, other = ([summaries[it] for it in half] for half in (order[:RUNS], order[RUNS:]))
        wrong += any(it.differs for it in differences(one, other, paired=False))
    # More than so many of 60 at a rate of 5 % come once in a thousand times.
    assert wrong <= binom.ppf(0.999, tries, 0.05)


def test_a_fifth_more_hashrate_is_found(equal, stronger):
    found = compare(equal[:RUNS], stronger)
    assert found.paired
    assert found.parameters == {"participants.alpha.hashrate": ("50", "60")}
    by_name = {it.measure: it for it in found.differences}
    share = by_name["share of blocks of alpha"]
    assert share.differs
    assert share.low <= 60 / 110 - 0.5 <= share.high
    assert not by_name["stale blocks"].differs
    assert by_name["blocks on the main chain"].difference == pytest.approx(0, abs=3)


def test_one_run_each_cannot_tell(tmp_path):
    runs = [play(NETWORK, tmp_path / str(seed), seed=seed) for seed in (1, 2)]
    told = call("compare", *(run.directory for run in runs))
    assert told.exit_code == 0
    assert "cannot tell chance" in told.stdout
    assert "differs" not in told.stdout.replace("differences", "")
    assert all(it.chance is None for it in compare(*([run] for run in runs)).differences)


def test_too_few_runs_are_told_so(equal, stronger, tmp_path):
    for side, runs in (("a", equal), ("b", stronger)):
        (tmp_path / side).mkdir()
        for run in runs[:3]:
            shutil.copytree(run.directory, tmp_path / side / run.directory.name)
    told = call("compare", tmp_path / "a", tmp_path / "b")
    assert told.stdout.endswith(
        "3 runs on a side are too few for any difference to be told from chance: play more seeds\n"
    )
    # Of eight measures the least chance is 8 * 2 / 2**n.
    assert least_chance(3, 3, 8, paired=True) == 1.0
    assert least_chance(9, 9, 8, paired=True) == pytest.approx(16 / 512)
    assert least_chance(4, 4, 1, paired=False) == pytest.approx(2 / 70)
    assert least_chance(1, 4, 1, paired=False) is None


def test_what_no_run_differs_in_does_not_count(equal):
    (same,) = (it for it in compare(equal[:5], equal[5:10]).differences if it.measure == "payments vanished")
    assert (same.varies, same.chance) == (False, 1.0)


def test_sets_of_runs_are_directories(equal, stronger):
    told = call("compare", equal[0].directory.parent, stronger[0].directory.parent)
    assert told.exit_code == 0
    assert "participants.alpha.hashrate: 50 and 60" in told.stdout
    assert "as independent runs, since their seeds differ" in told.stdout


def test_chances_are_corrected_for_the_number_of_measures(equal, stronger):
    found = compare(equal[:RUNS], stronger).differences
    assert len(found) > 8
    told = [it for it in found if it.chance is not None]
    assert min(it.chance for it in told) == pytest.approx(sum(it.varies for it in told) / 10_001)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("diff") / "run")


@pytest.fixture
def copy(played, tmp_path):
    shutil.copytree(played.directory, tmp_path / "copy")
    return tmp_path / "copy"


def test_a_run_and_its_copy_are_the_same(played, copy):
    told = call("diff", played.directory, copy)
    assert (told.exit_code, told.stdout) == (0, "all events are the same\n")


@pytest.mark.parametrize("share", [0.0, 0.4, 0.95])
def test_the_first_event_that_differs_is_named(played, copy, share):
    ordered = sorted(played.events(), key=lambda record: record.sort_key())
    number = round(share * (len(ordered) - 1))
    changed = ordered[number].line.replace(b'"cause":"', b'"cause":"x')
    whole = (copy / EVENTS).read_bytes()
    assert whole.count(ordered[number].line) == 1
    (copy / EVENTS).write_bytes(whole.replace(ordered[number].line, changed))
    told = call("diff", played.directory, copy)
    assert told.exit_code == 3
    lines = told.stdout.splitlines()
    place = lines.index(f"the runs part at event {number + 1}:")
    assert place == min(10, number)
    assert lines[place + 1].startswith(f"- {ordered[number].line.decode().strip()[:300]}")
    assert lines[place + 2].startswith(f"+ {changed.decode().strip()[:300]}")


def test_a_run_that_ends_before_the_other_is_told(played, copy):
    ordered = sorted(played.events(), key=lambda record: record.sort_key())
    (copy / EVENTS).write_bytes(b"".join(record.line for record in ordered[:-1]))
    told = call("diff", played.directory, copy)
    assert told.exit_code == 3
    assert "+ (no more events)" in told.stdout


def test_what_led_to_a_difference_is_told(tmp_path):
    runs = [play(WHOLE, tmp_path / str(seed), seed=seed) for seed in (1, 2)]
    told = call("diff", *(run.directory for run in runs))
    assert told.exit_code == 3
    assert told.stdout.startswith("seed: 1 and 2\n")
