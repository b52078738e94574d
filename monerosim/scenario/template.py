"""The scenarios that ``monerosim new`` writes."""

from importlib.resources import files

USUAL = "quickstart"

TEMPLATES = {
    USUAL: "pools, users and a marketplace",
    "market": "customers who order and pay invoices",
    "attack": "a selfish miner",
    "unreachable": "nodes that nobody can dial",
    "shadow": "real programs under Shadow",
}
"""By name, what each is of."""


def template(name: str = USUAL) -> bytes:
    """Read one of the commented scenarios that come with the package."""
    return (files("monerosim.scenario") / "templates" / f"{name}.toml").read_bytes()
