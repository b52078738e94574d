"""Heavy blocks of a real regtest monerod (tools/record_blocks.py), number for number."""

import json
from pathlib import Path

from simulated import Simulated, ask

from monerosim.model.records import Output, Transaction
from monerosim.units import SECOND

RECORDED = json.loads(Path(__file__).with_name("recorded_blocks.json").read_text())
BLOCKS = RECORDED["blocks"]


class Replayed:
    """The recorded chain on the model, with transactions of the recorded weights, fees and times."""

    def __init__(self) -> None:
        self.began = min(entry[2] for block in BLOCKS for entry in block.get("new", [])) - 1
        self.net = Simulated(nodes=1, delay=0, epoch=self.began)
        self.net.mine(0, RECORDED["coinbases"])
        self.pool: list[Transaction] = []
        self._coins = [block.coinbase.outputs[0] for block in self.net.blockchain.chain.main[1:]]

    def receive(self, weight: int, fee: int, at: int) -> None:
        """Hand the node a transaction; each spends a coin of its own."""
        self.net.time = (at - self.began) * SECOND
        number = len(self.pool)
        transaction = self.net.hand(number.to_bytes(32, "big"), self._coin(), weight, fee)
        self._coins += transaction.outputs
        self.pool.append(transaction)

    def _coin(self) -> Output:
        chain = self.net.blockchain.chain
        coin = next(it for it in self._coins if chain.spendable(chain.main[-1], it))
        self._coins.remove(coin)
        return coin


def test_each_block_is_the_one_that_monerod_made():
    replayed = Replayed()
    net, heavy = replayed.net, 0
    for number, recorded in enumerate(BLOCKS):
        if "empty" in recorded:
            net.mine(0, recorded["empty"])
            continue
        for entry in recorded["new"]:
            replayed.receive(*entry)
        fees = [ask(net.daemons[0], "get_fee_estimate", grace_blocks=grace)["fees"] for grace in (0, 10)]
        template = ask(net.daemons[0], "get_block_template", wallet_address=net.addresses[0])
        net.mine(0)
        header = ask(net.daemons[0], "get_last_block_header")["block_header"]
        info = ask(net.daemons[0], "get_info")
        # A daemon does not take what it has not relayed yet: the last payment may have come a moment before.
        last = recorded["new"][-1][1] if recorded["new"] else 0
        assert template["expected_reward"] - recorded["expected_reward"] in (0, last)
        numbers = {transaction.id: place for place, transaction in enumerate(replayed.pool)}
        taken = [numbers[transaction.id] for transaction in net.blockchain.chain.main[-1].transactions]
        told = {key: header[key] for key in ("block_weight", "long_term_weight", "reward")}
        told |= {"fees": fees}
        told |= {"median": info["block_weight_median"], "limit": info["block_weight_limit"]}
        assert told == {key: recorded[key] for key in told}, number
        # Of two with the same fee a byte that came in the same second the order is not recorded.
        assert [keys(replayed, place) for place in taken] == [keys(replayed, place) for place in recorded["taken"]]
        heavy += header["block_weight"] > 300_000
    assert heavy >= 30


def keys(replayed: Replayed, place: int) -> tuple[int, int, int]:
    """What decides the place of a transaction in a block."""
    entry = replayed.pool[place]
    return entry.weight, entry.fee, entry.released // SECOND


def test_the_recording_has_what_it_is_meant_to_prove():
    blocks = [block for block in BLOCKS if "empty" not in block]
    sweeps = [entry for block in blocks for entry in block["new"] if entry[0] > 90_000]
    assert len(sweeps) >= 60
    swept = [sum(entry[0] > 90_000 for entry in block["new"]) for block in blocks]
    assert sum(3 <= count <= 6 for count in swept) >= 15
    assert max(block["block_weight"] for block in blocks) > 350_000
    assert min(block["long_term_weight"] for block in blocks) == 300_000 * 10 // 17
    # Transactions were passed over that would have lowered the reward, and taken later or never.
    taken = [place for block in blocks for place in block["taken"]]
    assert len(taken) < sum(len(block["new"]) for block in blocks)
    assert taken != sorted(taken)


def test_of_those_that_come_in_one_second_the_last_is_taken_first():
    """Sent to monerod 0.18.0.0 within a second, each with the same fee a byte."""
    net = Simulated(nodes=1, delay=0)
    net.mine(0, 90)
    net.time = 1000 * SECOND
    coins = [block.coinbase.outputs[0] for block in net.blockchain.chain.main[1:]]
    sent = []
    for number, (weight, fee) in enumerate(RECORDED["within_a_second"]["sent"]):
        sent.append(net.hand(bytes([number * 37 % 14]) * 32, coins.pop(0), weight, fee))
        net.pass_time(SECOND // 20)
    net.mine(0)
    taken = [sent.index(transaction) for transaction in net.blockchain.chain.main[-1].transactions]
    assert taken == RECORDED["within_a_second"]["taken"]
