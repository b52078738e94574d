"""The shadow engine: real daemons, wallets and agents under Shadow's simulated network and clock."""

from monerosim.engines.shadow.engine import Shadow

__all__ = ["Shadow"]
