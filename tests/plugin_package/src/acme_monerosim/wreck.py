"""A module that does not survive its import."""

from acme_monerosim.greeter import Greeter

WATERTIGHT = {"bow": True}["stern"]


class Wreck(Greeter):
    """Never gets so far."""
