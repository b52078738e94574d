"""Modelled Monero: many monerods and monero-wallet-rpcs in one process, on a virtual clock."""

from monerosim.model.blockchain import Blockchain
from monerosim.model.daemon import Daemon
from monerosim.model.wallet_rpc import WalletServer

__all__ = ["Blockchain", "Daemon", "WalletServer"]
