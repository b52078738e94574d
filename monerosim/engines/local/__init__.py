"""The local engine: real daemons, wallets and agents on this machine's loopback and wall clock."""

from monerosim.engines.local.engine import Local

__all__ = ["Local"]
