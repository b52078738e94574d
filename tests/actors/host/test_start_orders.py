"""Daemons, wallets and agents start in any order, minutes apart: whoever comes too early waits."""

from itertools import permutations

import pytest
from small_runs import NETWORK, USERS, ended_well, happened, play

from monerosim.events import BootstrapFinished, PaymentConfirmed, ServiceReady

DELAYS = ("0s", "3m", "7m")


@pytest.mark.parametrize(("node", "wallet", "agent"), list(permutations(DELAYS)))
def test_a_run_begins_well_in_any_order(tmp_path, node, wallet, agent):
    changes = (f'simulation.node_start="{node}"', f'simulation.wallet_start="{wallet}"')
    played = play(NETWORK + USERS, tmp_path / "run", *changes, f'simulation.agent_start="{agent}"')
    ended_well(played)
    assert len(happened(played, BootstrapFinished)) == 1
    assert len(happened(played, PaymentConfirmed)) > 0
    assert {it.data.service.split()[0] for it in happened(played, ServiceReady)} == {"monerod", "monero-wallet-rpc"}
