"""Behaviours of nodes without users: relays, observers."""
