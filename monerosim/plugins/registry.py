"""Installed plugins: the entry points of a group."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Generic, TypeVar

import msgspec

from monerosim.plugins.errors import PluginError, explain
from monerosim.plugins.files import PluginFiles, names_file

T = TypeVar("T")

OWN = "monerosim"
"""This package, whose plugins cannot be replaced by others of the same name."""

_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_NAME = 63


class Installed(msgspec.Struct, frozen=True):
    """A plugin that a package names; it may fail to load."""

    name: str
    package: str
    version: str
    target: str
    """``MODULE:ATTRIBUTE``."""


class Registry(Generic[T]):
    """The plugins of one kind.

    Args:
        group: The entry point group.
        what: The kind of plugin, for messages: ``actor``.
        check: Returns the object that an entry point or a file names, as a plugin, or raises a
            :class:`PluginError` that continues a sentence after the plugin's name: ``is not a Behaviour``.
    """

    def __init__(self, group: str, what: str, check: Callable[[object], T]) -> None:
        self.group = group
        self.what = what
        self._check = check
        self._found: dict[str, list[EntryPoint]] | None = None
        self._checked: dict[EntryPoint, T] = {}

    def names(self) -> list[str]:
        """Return the names of all installed plugins, in alphabetical order."""
        return sorted(self._entries())

    def load_foreign(self, names: Iterable[str]) -> None:
        """Load those of some plugins that other packages provide, for what their code declares; the broken are left."""
        for name in names:
            entries = self._entries().get(name, [])
            if entries and _package(entries[0]) != OWN:
                with suppress(PluginError):
                    self.load(name)

    def installed(self) -> list[Installed]:
        """Return all installed plugins by name, and by package where several have the same name."""
        return [_describe(entry) for name in self.names() for entry in self._entries()[name]]

    def reload(self) -> None:
        """Search the installed packages again, after some were added or removed in a running program."""
        self._found = None
        self._checked.clear()

    def load(self, name: str, files: PluginFiles | None = None) -> T:
        """Load a plugin.

        Args:
            name: An entry point's name, or ``./FILE.py:NAME``.
            files: The scenario's files.

        Raises:
            PluginError: There is none of this name, or it cannot be used; the message names the plugin and its origin.
        """
        if names_file(name):
            return self._load_file(name, files)
        entries = self._entries().get(name, [])
        if not entries:
            message = f"unknown {self.what} {name!r}; there are {', '.join(self.names())}"
            raise PluginError(message, given=name, valid=self.names())
        chosen = entries[0]
        if len(entries) > 1 and _package(chosen) != OWN:
            packages = ", ".join(_package(entry) for entry in entries)
            raise PluginError(f"the {self.what} {name!r} is defined by several packages: {packages}")
        return self._load_entry(chosen)

    def load_installed(self, plugin: Installed) -> T:
        """Load a plugin that :meth:`installed` lists.

        Raises:
            PluginError: It cannot be used, or not by this name.
        """
        entries = self._entries()[plugin.name]
        entry = next(entry for entry in entries if _describe(entry) == plugin)
        if entry is not entries[0] and _package(entries[0]) == OWN:
            raise PluginError(f"not used: {OWN} itself defines the {self.what} {plugin.name!r}")
        return self._load_entry(entry) if len(entries) == 1 or _package(entry) == OWN else self.load(plugin.name)

    def _entries(self) -> dict[str, list[EntryPoint]]:
        if self._found is None:
            found: dict[str, list[EntryPoint]] = {}
            for entry in sorted(entry_points(group=self.group), key=_own_first):
                found.setdefault(entry.name, []).append(entry)
            # Assigned when complete: runs may be built in several threads.
            self._found = found
        return self._found

    def _load_entry(self, entry: EntryPoint) -> T:
        checked = self._checked.get(entry)
        if checked is None:
            source = f"{self.what} {entry.name!r} ({entry.value}, package {_package(entry)})"
            if not _NAME.fullmatch(entry.name) or len(entry.name) > _LONGEST_NAME:
                raise PluginError(f"the {source} has no valid name: a-z, 0-9 and -, at most {_LONGEST_NAME}")
            try:
                found = entry.load()
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise PluginError(f"the {source} cannot be loaded: {explain(error)}") from error
            checked = self._checked[entry] = self._checked_as(source, found)
        return checked

    def _load_file(self, use: str, files: PluginFiles | None) -> T:
        if files is None:
            raise PluginError(f"the {self.what} {use!r} is in a file, and files are not known here")
        return self._checked_as(f"{self.what} {use!r}", files.load(use))

    def _checked_as(self, source: str, found: object) -> T:
        try:
            return self._check(found)
        except PluginError as error:
            raise PluginError(f"the {source} {error}") from error


def _own_first(entry: EntryPoint) -> tuple[bool, str]:
    return _package(entry) != OWN, _package(entry)


def _package(entry: EntryPoint) -> str:
    return _name_and_version(entry.dist)[0]


@cache
def _name_and_version(package: Distribution | None) -> tuple[str, str]:
    """Return what a package calls itself; its metadata is a mail's header, which takes a millisecond to read."""
    return ("?", "?") if package is None else (package.name, package.version)


def _describe(entry: EntryPoint) -> Installed:
    package, version = _name_and_version(entry.dist)
    return Installed(entry.name, package, version, entry.value)
