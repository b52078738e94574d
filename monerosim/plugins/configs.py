"""The check of plugins' configurations."""

import msgspec

from monerosim.config import Config, schema_hook
from monerosim.plugins.errors import PluginError


def check_config(config: object, what: str) -> None:
    """Check that a plugin's configuration can be read from a scenario.

    Raises:
        PluginError: It is not a configuration, or a field has a type that TOML cannot express.
    """
    if not (isinstance(config, type) and issubclass(config, Config)):
        raise PluginError(f"has {what} that is not a monerosim.config.Config")
    try:
        msgspec.json.schema(config, schema_hook=schema_hook)
    except Exception as error:
        # Annotations are evaluated here: any exception is the plugin's fault.
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise PluginError(f"has {what} that TOML cannot express: {reason}") from error
