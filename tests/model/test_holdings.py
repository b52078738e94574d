"""Outputs of wallets: what may be spent is kept up as it changes, and comes to what a look at all outputs comes to."""

import random
from contextlib import suppress

import pytest
from simulated import RefusedError, Simulated, ask

from monerosim.units import XMR

STEPS = 120


def coins(net: Simulated, wallet: int) -> list[dict]:
    return ask(net.wallets[wallet], "incoming_transfers", transfer_type="all").get("transfers", [])


def check(net: Simulated, wallet: int) -> None:
    """Compare what a wallet says it may spend with what it says of each of its outputs."""
    held = [coin for coin in coins(net, wallet) if not coin["spent"]]
    balance = ask(net.wallets[wallet], "get_balance")
    usable = [coin["amount"] for coin in held if coin["unlocked"] and not coin["frozen"]]
    assert balance["unlocked_balance"] == sum(usable)
    (own,) = balance["per_subaddress"]
    assert own["num_unspent_outputs"] == len(held)


@pytest.mark.parametrize("seed", range(4))
def test_what_may_be_spent_follows_payments_blocks_frozen_outputs_and_reorganisations(seed):
    drawn = random.Random(seed)
    net = Simulated()
    blocks = net.mine(0, 90)
    net.pass_time()
    replaced = 0
    for _ in range(STEPS):
        match drawn.choice(("mine", "mine", "pay", "pay", "freeze", "replace", "wait")):
            case "mine":
                blocks += net.mine(0, drawn.randint(1, 12))
            case "pay":
                # It has too little, or its node has lost a block with what it spends.
                with suppress(RefusedError):
                    net.pay(0, 1, drawn.randint(1, 60) * XMR)
            case "freeze":
                coin = drawn.choice(coins(net, 0))
                ask(net.wallets[0], "thaw" if coin["frozen"] else "freeze", key_image=coin["key_image"])
            case "replace":
                depth = drawn.randint(1, 8)
                del blocks[-depth:]
                blocks += net.mine(0, depth + 1, prev_block=blocks[-1])
                replaced += 1
            case "wait":
                net.pass_time()
        net.pass_time()
        net.refresh()
        check(net, 0)
    assert replaced
    assert net.reorganisations
    spent = sum(coin["spent"] for coin in coins(net, 0))
    assert spent > 10


def test_a_payment_that_takes_many_outputs_takes_the_largest_and_of_equal_ones_the_oldest():
    net = Simulated()
    net.mine(0, 90)
    net.refresh()
    for amount in (3, 1, 3, 2, 3, 1):
        net.pay(0, 1, amount * XMR)
    net.mine(0, 12)
    net.pass_time()
    net.refresh()
    paid = coins(net, 1)
    net.pay(1, 0, 8 * XMR)
    net.refresh()
    taken = [coin["key_image"] for coin in coins(net, 1) if coin["spent"]]
    largest = sorted(paid, key=lambda coin: -coin["amount"])
    assert taken == [coin["key_image"] for coin in paid if coin in largest[: len(taken)]]
    assert [coin["amount"] // XMR for coin in largest[: len(taken)]] == [3, 3, 3]
