"""Finding conditions: monerosim's own, and entry points of the group ``monerosim.conditions``."""

import msgspec

from monerosim.agent.conditions import CONDITIONS, Condition, condition_name
from monerosim.config import schema_hook
from monerosim.plugins import PluginError, Registry

GROUP = "monerosim.conditions"
"""The entry point group in which a package names its conditions."""


def find_condition(name: str) -> type[Condition] | None:
    """Return the condition of a name in the timeline, None if there is none such.

    Raises:
        PluginError: A package has one of this name that cannot be used.
    """
    own = CONDITIONS.get(name)
    if own is not None or name not in INSTALLED_CONDITIONS.names():
        return own
    found = INSTALLED_CONDITIONS.load(name)
    if condition_name(found) != name:
        raise PluginError(f"the condition {name!r} is a class called {found.__name__}: events would name another one")
    return found


def _check(found: object) -> type[Condition]:
    if not (isinstance(found, type) and issubclass(found, Condition)):
        raise PluginError("is not a Condition")
    made_of: object = found.made_of
    if not (isinstance(made_of, tuple) and made_of and all(one in CONDITIONS.values() for one in made_of)):
        raise PluginError('has "made_of" that does not name conditions of monerosim')
    try:
        msgspec.json.schema(found, schema_hook=schema_hook)
    except (TypeError, NameError) as error:
        raise PluginError(f"has fields that TOML cannot express: {error}") from error
    return found


INSTALLED_CONDITIONS: Registry[type[Condition]] = Registry(GROUP, "condition", _check)
"""The conditions of other packages."""
