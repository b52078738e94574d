"""Two nodes of a graph in Shadow's GML: a block takes as long on the engine embedded as under Shadow.

With ``-s`` the test prints the delays of both. The nodes dial each other, as they do where nothing else is said, so a
block goes over two connections, and is late only if both lose it or still wait for what they lost before.
"""

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def tool():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[2] / "tools")
        import measure_two_nodes  # noqa: PLC0415

        yield measure_two_nodes


@pytest.fixture(params=["0.0", "0.01"])
def both(request, tmp_path, tool):
    tool.prepare(tmp_path, request.param)
    return float(request.param), *(tool.delays(tmp_path, engine) for engine in ("embedded", "shadow"))


def test_a_block_takes_as_long_in_the_model_as_under_shadow(both, tool):
    loss, modelled, simulated = both
    for name, found in (("embedded", modelled), ("shadow", simulated)):
        late = np.sort(found[found > tool.LATENCY + 1])
        sys.stdout.write(f"loss {loss} {name}: {len(found)} blocks, median {np.median(found):.1f} ms, late: {late}\n")
    assert min(len(modelled), len(simulated)) >= 500
    if not loss:
        # A log cuts off what is below a millisecond.
        assert np.abs(modelled - tool.LATENCY).max() <= 1
        assert np.abs(simulated - tool.LATENCY).max() <= 1
        return
    alike = [tool.alike(found) for found in (modelled, simulated)]
    assert stats.ks_2samp(*alike).pvalue > 0.01
    last = [np.quantile(found, 0.99) for found in alike]
    assert last[0] == pytest.approx(last[1], rel=0.2)
