"""Actors: their base classes, messages and commands, the host they share, and its process."""
