"""Behaviours of nodes without wallets: relays, observers, standard sync."""
