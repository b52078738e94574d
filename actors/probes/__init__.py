"""Probes: test agents that look at nodes and wallets, and say whether all is as it should be."""
