"""Plugins of other packages and of a scenario's own files: actors, topologies, rules, engines."""

from monerosim.plugins.configs import check_config
from monerosim.plugins.errors import PluginError
from monerosim.plugins.files import FILE_PATTERN, PluginFiles, names_file
from monerosim.plugins.registry import OWN, Installed, Registry

__all__ = ["FILE_PATTERN", "OWN", "Installed", "PluginError", "PluginFiles", "Registry", "check_config", "names_file"]
