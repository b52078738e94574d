"""How far above the penalty-free zone a block goes, by what its transactions pay a byte."""

import pytest
from simulated import Simulated, ask

from monerosim.monero.emission import base_reward

ZONE, WEIGHT, COUNT = 300_000, 20_000, 31


@pytest.mark.parametrize("priority", range(4))
def test_a_block_grows_until_the_penalty_of_one_more_is_above_its_fee(priority):
    """The last to be taken pays at least R((e+w)^2 - e^2)/M^2, e being the excess before it, and one more would not."""
    net = Simulated(nodes=1, delay=0)
    net.mine(0, COUNT + 60)
    fee = WEIGHT * ask(net.daemons[0], "get_fee_estimate")["fees"][priority]
    main = net.blockchain.chain.main
    for number, block in enumerate(main[1 : COUNT + 1]):
        net.hand(bytes([number]) * 32, block.coinbase.outputs[0], WEIGHT, fee)
    subsidy = base_reward(main[-1].generated)
    net.mine(0)
    excess = main[-1].weight - ZONE
    before = max(excess - WEIGHT, 0)
    assert subsidy * (excess**2 - before**2) <= fee * ZONE**2
    assert subsidy * ((excess + WEIGHT) ** 2 - excess**2) > fee * ZONE**2 or excess + WEIGHT > ZONE
    assert (excess > WEIGHT) == (priority > 1)
