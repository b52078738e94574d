"""Wrong rules that are planted in the program itself: the same check that holds for the right ones refuses them.

Those that take a minute and more are played by the command alone (tools/planted_rules.py).
"""

import sys
from pathlib import Path

import pytest

with pytest.MonkeyPatch.context() as patch:
    patch.setattr(sys, "path", [str(Path(__file__).parents[2] / "tools"), *sys.path])
    import planted_rules as tool

DEAR = ("trail", "fluff", "two confirmations")
QUICK = ("gamma mirrored", "ties by hash", "blocks passed on unverified", "nobody follows", "quick blocks")

pytestmark = pytest.mark.timeout(1800)


def some_long(names):
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in names]


def test_ten_and_more_are_planted_where_there_is_something_right():
    assert len(tool.PLANTED) > 10
    assert {where for where, _ in tool.PLANTED.values()} == set(tool.RIGHT)


@pytest.mark.parametrize("name", some_long(name for name, (where, _) in tool.PLANTED.items() if where not in DEAR))
def test_a_planted_rule_is_refused(tmp_path, name):
    where, planted = tool.PLANTED[name]
    assert tool.judged(tmp_path, tool.RIGHT[where], planted) < tool.REFUSED


@pytest.mark.parametrize("name", some_long(name for name in tool.RIGHT if name not in DEAR))
def test_what_they_are_planted_in_is_not_refused(tmp_path, name):
    assert tool.judged(tmp_path, tool.RIGHT[name], {}) > 1e-3
