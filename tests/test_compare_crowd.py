"""The same users as a crowd and as actors (tools/compare_crowd.py), at a smaller size than its own."""

from pathlib import Path

import pytest

from monerosim.model.formats import TransactionFormat

HERE = Path(__file__).parent
SEEDS = range(3)


@pytest.fixture(scope="module")
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE.parent / "tools")
        import compare_crowd  # noqa: PLC0415

        yield compare_crowd


@pytest.fixture(scope="module")
def actors(tool):
    return [tool.play(tool.SMALL, "actors", seed) for seed in SEEDS]


def crowd(tool, kind="crowd"):
    return [tool.play(tool.SMALL, kind, seed) for seed in SEEDS]


@pytest.mark.long
def test_a_crowd_does_what_as_many_actors_do(tool, actors):
    """Refused by chance in one of a hundred sets of seeds at most."""
    rows = tool.compare(crowd(tool), actors)
    assert len(rows) == 5
    assert not tool.is_refused(rows), rows


@pytest.mark.long
def test_one_whose_change_unlocks_a_block_early_is_refused(tool, actors, monkeypatch):
    monkeypatch.setattr(TransactionFormat, "spendable_age", 9)
    assert tool.is_refused(tool.compare(crowd(tool), actors))


@pytest.mark.long
def test_one_whose_users_share_their_draws_is_refused(tool, actors, monkeypatch):
    monkeypatch.chdir(HERE)
    assert tool.is_refused(tool.compare(crowd(tool, "./alike_crowd.py:AlikeCrowd"), actors))


def test_chances_are_corrected_for_their_number(tool):
    corrected = tool.holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.9})
    assert corrected == pytest.approx({"a": 0.04, "c": 0.09, "b": 0.09, "d": 0.9})
