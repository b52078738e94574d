"""The error of actors that wait for one another."""


class DeadlockError(Exception):
    """An answer cannot come: actors wait for one another, or there is nothing left to happen."""
