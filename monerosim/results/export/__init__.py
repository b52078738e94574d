"""Runs in the form of other programs."""
