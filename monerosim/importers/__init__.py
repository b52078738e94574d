"""Scenarios from files of other tools: what of each is carried over, and what is not."""
