"""The scenario that ``monerosim new`` writes."""

from importlib.resources import files


def template() -> bytes:
    """Read the commented scenario that comes with the package."""
    return (files("monerosim.scenario") / "template.toml").read_bytes()
