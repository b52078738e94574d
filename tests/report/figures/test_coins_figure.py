"""Emission beside balances."""

import msgspec
import pytest
from figure_records import host, lines, record, taken
from small_world import make_plan

from monerosim import events as ev
from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.plan.plan import WalletPlan
from monerosim.report.figures.coins import Coins, CoinsFigure


def test_coins_that_nobody_holds_are_told():
    made = base_reward(GENESIS_REWARD)
    result = taken(CoinsFigure, ev.NodeClosed(1, "tip"), ev.WalletClosed(made - 7, 0, 0))
    assert (result.emitted, result.unaccounted) == (made, 7)
    assert result.balances == {"alice": made - 7}
    assert lines(CoinsFigure, result)["coins"].endswith("emitted, 0.000000000007 XMR unaccounted for")


@pytest.mark.parametrize(
    ("depth", "in_flight", "more", "told"),
    [
        (10, 1, 7, "0.000000000007 XMR more than emitted: after a deep reorganisation wallets count"),
        (9, 1, 7, "-0.000000000007 XMR unaccounted for"),
        (10, 0, 7, "-0.000000000007 XMR unaccounted for"),
        (10, 1, -7, "0.000000000007 XMR unaccounted for"),
    ],
)
def test_change_that_counts_twice_is_explained(depth, in_flight, more, told):
    made = base_reward(GENESIS_REWARD)
    dropped = ev.Reorganised("alice", depth, "old", "tip")
    result = taken(CoinsFigure, ev.NodeClosed(1, "tip"), dropped, ev.WalletClosed(made + more, 0, in_flight))
    assert f"emitted, {told}" in lines(CoinsFigure, result)["coins"]


def test_what_a_heavy_block_cost_is_not_missed():
    made = base_reward(GENESIS_REWARD) - 12
    result = taken(CoinsFigure, ev.NodeClosed(1, "tip", made), ev.WalletClosed(made, 0, 0))
    assert (result.emitted, result.unaccounted) == (made, 0)


def test_all_wallets_of_a_participant_count():
    made = base_reward(GENESIS_REWARD)
    closed = (ev.WalletClosed(made - 7, 0, 0), ev.WalletClosed(3, 0, 0), record(ev.WalletClosed(4, 0, 0), "bob"))
    result = taken(CoinsFigure, ev.NodeClosed(1, "tip"), *closed)
    assert result.balances == {"alice": made - 4, "bob": 4}
    assert lines(CoinsFigure, result)["coins"].endswith("emitted, all accounted for")


def test_balances_are_unknown_where_wallets_did_not_report():
    wallet = WalletPlan(name="wallet", rpc_port=1, start=0, ready_after=0, node="alice")
    plan = make_plan(msgspec.structs.replace(host("alice"), wallets=(wallet,)))
    assert not taken(CoinsFigure, plan=plan).balances_known
    assert taken(CoinsFigure, ev.WalletClosed(0, 0, 0), plan=plan).balances_known
    assert taken(CoinsFigure) == Coins(balances_known=True)
