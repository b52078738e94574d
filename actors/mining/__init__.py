"""Miners, and the block controller that chooses among them."""
