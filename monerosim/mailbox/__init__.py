"""Coordination of hosts: letters, standing facts, and discovery."""
