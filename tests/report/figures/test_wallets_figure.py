"""Balances by group."""

import msgspec
from figure_records import host, record, taken
from small_world import make_plan

from monerosim.events import WalletClosed
from monerosim.report.figures.wallets import WalletGroup, WalletsFigure
from monerosim.units import XMR


def test_groups_are_compared():
    hosts = [msgspec.structs.replace(host(name), group=name.split("-")[0]) for name in ("user-1", "user-2", "miner")]
    held = {"user-1": 1, "user-2": 4, "miner": 7}
    closed = [record(WalletClosed(balance * XMR, 0, 0), name) for name, balance in held.items()]
    result = taken(WalletsFigure, *closed, plan=make_plan(*hosts))
    assert result["user"] == WalletGroup(n=2, min=XMR, median=2.5 * XMR, max=4 * XMR, total=5 * XMR)
    assert WalletsFigure.rows(result).rows == (("user", 2, 1.0, 2.5, 4.0, 5.0), ("miner", 1, 7.0, 7.0, 7.0, 7.0))
