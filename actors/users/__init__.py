"""Behaviours of wallets: users, bots, churners, hodlers, and the funder of the bootstrap."""
