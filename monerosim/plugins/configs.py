"""Whether a plugin's configuration is one."""

import msgspec

from monerosim.config import Config, schema_hook
from monerosim.plugins.errors import PluginError


def check_config(config: object, what: str) -> None:
    """Check that a plugin's configuration can be read from a scenario.

    Raises:
        PluginError: It is no configuration, or a field is of a type that no scenario can have.
    """
    if not (isinstance(config, type) and issubclass(config, Config)):
        raise PluginError(f"has {what} that is no monerosim.config.Config")
    try:
        msgspec.json.schema(config, schema_hook=schema_hook)
    except Exception as error:
        # Annotations are evaluated here: whatever they raise is the plugin's mistake.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise PluginError(f"has {what} that a scenario cannot fill in: {reason}") from error
