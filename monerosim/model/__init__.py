"""Modelled Monero: many monerods and monero-wallet-rpcs in one process, on a virtual clock."""

from monerosim.model.daemon import Daemon
from monerosim.model.wallet_rpc import WalletServer
from monerosim.model.world import World

__all__ = ["Daemon", "WalletServer", "World"]
