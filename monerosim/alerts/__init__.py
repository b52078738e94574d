"""Alerts: rules of a scenario about what should not happen, looked at while the run is played.

They look at what happens and change nothing of it: the digest of a run is the same with and without them.
"""
