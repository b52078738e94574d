"""Each probe on a hundred runs in which something is wrong, and on a hundred in which nothing is; a tenth in CI."""

import pytest
from trials import PROBES, faults, play

from monerosim.events import ProbeFailed

SEEDS = [
    *range(10),
    *(pytest.param(seed, marks=pytest.mark.long) for seed in range(10, 100)),
]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("probe", PROBES)
def test_what_is_wrong_is_found_and_named(probe, seed, tmp_path):
    fault = faults(probe, seed)
    (found,) = (it.data for it in play(tmp_path / "run", seed, fault) if it.actor == f"{probe}-probe")
    assert isinstance(found, ProbeFailed)
    assert any(fault.evidence in sentence for sentence in found.evidence), found.evidence


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_where_nothing_is_wrong(seed, tmp_path):
    found = play(tmp_path / "run", seed)
    assert {it.actor for it in found} == {f"{probe}-probe" for probe in PROBES}
    assert [it.data.evidence for it in found if isinstance(it.data, ProbeFailed)] == []
    measured = {it.actor: it.data.measured for it in found}
    # They have looked at something.
    assert measured["consensus-probe"]["transactions"] > 0
    assert measured["connectivity-probe"] == {
        "nodes": 6,
        "connections": measured["connectivity-probe"]["connections"],
        "parts": 1,
    }
    assert measured["performance-probe"]["blocks_watched"] > 20
    assert measured["transactions-probe"]["settled"] > 0
