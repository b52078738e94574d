"""Registry of rules: entry points of the group ``monerosim.rules``, and a scenario's files."""

from monerosim.plugins import PluginError, PluginFiles, Registry, check_config
from monerosim.rules.rule import Rule

GROUP = "monerosim.rules"
"""The entry point group of rules."""


def rule_names() -> list[str]:
    """Return the names of all installed rules, in alphabetical order."""
    return RULES.names()


def load_rule(name: str, files: PluginFiles | None = None) -> type[Rule]:
    """Load a rule.

    Args:
        name: An entry point's name, or ``./FILE.py:CLASS``.
        files: The scenario's files.

    Raises:
        PluginError: The name is unknown, or its code cannot be imported or is not a rule.
    """
    return RULES.load(name, files)


def _check(found: object) -> type[Rule]:
    if not (isinstance(found, type) and issubclass(found, Rule)):
        raise PluginError("is not a Rule")
    check_config(found, "fields")
    return found


RULES: Registry[type[Rule]] = Registry(GROUP, "rule", _check)
"""The rules that are installed."""
