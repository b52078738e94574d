"""When each node had a block or a transaction first is told once, when it is settled."""

import pytest
from simulated import Simulated, ask

from monerosim.model.views import HORIZON
from monerosim.network.propagation import NEVER
from monerosim.units import SECOND, XMR

PAYABLE = 80


class Watched(Simulated):
    """Nodes in a row; what is told is kept."""

    def __init__(self, nodes=3, delay=SECOND):
        super().__init__(nodes=nodes, delay=delay)
        self.told = {}
        self.blockchain.sightings.on_block = self._take
        self.blockchain.sightings.on_transaction = self._take

    def _take(self, item, seen):
        assert item.id.hex() not in self.told
        self.told[item.id.hex()] = [None if at == NEVER else at for at in seen.tolist()]

    def settle(self):
        self.pass_time(HORIZON + 60 * SECOND)
        self.mine()
        self.pass_time(HORIZON + 60 * SECOND)
        self.mine()


@pytest.fixture
def net():
    net = Watched()
    net.mine(0, PAYABLE)
    net.pass_time()
    net.refresh()
    return net


def test_a_block_is_told_when_all_have_it():
    net = Watched()
    (block,) = net.mine(1)
    assert net.told == {}
    net.pass_time(HORIZON + 2 * SECOND)
    net.mine()
    assert net.told == {block: [SECOND, 0, SECOND]}


def test_a_transaction_is_told_when_its_block_is_agreed_on(net):
    sent, at = net.pay(0, 1, XMR)["tx_hash"], net.time
    net.pass_time()
    net.mine(0)
    assert sent not in net.told
    net.settle()
    assert net.told[sent] == [at, at + SECOND, at + 2 * SECOND]


def test_a_node_that_lacks_a_transaction_has_it_with_its_block(net):
    net.blockchain.network.delay = 9 * SECOND
    sent, at = net.pay(0, 1, XMR)["tx_hash"], net.time
    net.pass_time(SECOND)
    net.blockchain.network.delay = SECOND
    net.mine(0)
    net.settle()
    # Each gets the block after a second and then asks for the transaction, which takes a round trip.
    assert net.told[sent] == [at, at + 4 * SECOND, at + 7 * SECOND]


def test_the_end_of_a_run_tells_of_what_is_on_the_way(net):
    net.settle()
    sent, at = net.pay(0, 1, XMR)["tx_hash"], net.time
    (block,) = net.mine(2)
    net.pass_time(SECOND)
    net.blockchain.finish(net.time)
    assert net.told[sent] == [at, at + SECOND, None]
    assert net.told[block] == [None, at + SECOND, at]


def test_a_transaction_whose_block_is_left_is_not_told_again(net):
    sent = net.pay(0, 1, XMR)["tx_hash"]
    net.pass_time()
    fork = ask(net.daemons[0], "get_info")["top_block_hash"]
    net.mine(0)
    net.settle()
    first = net.told[sent]
    net.mine(1, count=6, prev_block=fork)
    net.settle()
    assert ask(net.daemons[0], "get_info")["alt_blocks_count"] > 0
    net.blockchain.finish(net.time)
    assert net.told[sent] == first


def test_of_two_that_spend_the_same_a_node_has_the_first_and_the_other_with_its_block(net):
    drafts = [
        ask(
            net.wallets[0],
            "transfer",
            destinations=[{"address": net.addresses[1], "amount": XMR}],
            do_not_relay=True,
            get_tx_hex=True,
        )
        for _ in range(2)
    ]
    at = net.time
    for node, draft in zip((0, 2), drafts, strict=True):
        answer = net.daemons[node].post("/send_raw_transaction", {"tx_as_hex": draft["tx_blob"]})
        assert answer["status"] == "OK", answer
    mine, rival = (draft["tx_hash"] for draft in drafts)
    net.pass_time()
    net.mine(0)
    mined = net.time
    net.settle()
    in_the_midst = min(mine, rival)
    assert net.told[mine] == [at, at + SECOND if in_the_midst == mine else mined + SECOND, mined + 2 * SECOND]
    assert net.told[rival] == [None, at + SECOND if in_the_midst == rival else None, at]
