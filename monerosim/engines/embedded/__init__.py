"""The embedded engine: modelled daemons and wallets, all hosts in one thread on a virtual clock."""

from monerosim.engines.embedded.engine import Embedded

__all__ = ["Embedded"]
