"""Plugins in a scenario's own files: ``use = "./mine.py:MyActor"``.

A file that a scenario names is run as code, with the rights of the user who runs the scenario. Therefore only Python
files below the scenario's directory can be named.
"""

import re
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from hashlib import sha256
from importlib.abc import ExecutionLoader
from importlib.util import decode_source, module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

from monerosim.events import Event, event_tag
from monerosim.events.event import FILE_MODULE
from monerosim.plugins.errors import PluginError, explain

FOLDER = "plugins"
"""The folder of a run directory with the files that its scenario names."""

MAX_BYTES = 2**20
"""The largest file that is loaded."""

FILE_PATTERN = r"^\./(?:\w[\w. -]*/)*\w[\w. -]*\.py:[A-Za-z_]\w*$"
"""The form in which a scenario names a class in a file."""

_FILE = re.compile(FILE_PATTERN)


def names_file(use: str) -> bool:
    """Return whether a scenario's ``use`` or ``kind`` names a file: names of plugins have no such characters."""
    return any(sign in use for sign in "./\\:")


class PluginFiles:
    """Python files below a directory; each is read and run once, when it is first needed.

    Args:
        root: The directory that paths are relative to: the scenario's, or ``plugins`` in a run directory.
        digests: The SHA-256 that files must have, by path; not checked if left out.

    Attributes:
        sources: The files that have been read, by path below the root.
    """

    def __init__(self, root: Path, digests: Mapping[str, str] | None = None) -> None:
        self.sources: dict[str, bytes] = {}
        self._root = root
        self._digests = digests
        self._loaded: dict[str, ModuleType | PluginError] = {}

    @classmethod
    def of_run(cls, directory: Path, digests: Mapping[str, str]) -> "PluginFiles":
        """Return the files that a run was built with.

        Args:
            directory: The run directory.
            digests: The plan's.
        """
        return cls(directory / FOLDER, digests)

    def load(self, use: str) -> object:
        """Load the object that ``./FILE.py:NAME`` names.

        Raises:
            PluginError: It is not of this form, there is no such file, its code fails, or defines no such name.
        """
        if not _FILE.fullmatch(use):
            _refuse_form(use)
        path, _, name = use[2:].rpartition(":")
        module = self._loaded.get(path)
        if module is None:
            try:
                module = self._load(path)
            except PluginError as error:
                module = error
            self._loaded[path] = module
        if isinstance(module, PluginError):
            raise module
        found = vars(module).get(name)
        if found is None:
            own = [key for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
            raise PluginError(f'there is no "{name}" in {path}', given=name, valid=own)
        return found

    def read(self, path: str, most: int) -> bytes:
        """Read a file that is no code.

        Args:
            path: Below the root.
            most: The bytes that it may have.

        Raises:
            PluginError: There is none, it is outside of the root or larger, or cannot be read.
        """
        return self._read(path, most)

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of each file that was read, in hexadecimal digits."""
        return {path: sha256(source).hexdigest() for path, source in sorted(self.sources.items())}

    def verify(self) -> None:
        """Check that all files are as they were when the run was built.

        Raises:
            PluginError: One is missing or has changed.
        """
        for path in self._digests or {}:
            self._verify(path, self._read(path))

    def _verify(self, path: str, source: bytes) -> None:
        if self._digests is not None and self._digests.get(path) != sha256(source).hexdigest():
            raise PluginError(f"{path} has changed since the run was built: build it again")

    def _load(self, path: str) -> ModuleType:
        source = self._read(path)
        self._verify(path, source)
        # The same name for the same code, so that nothing that is logged depends on what was loaded before.
        name = f"{FILE_MODULE}{sha256(path.encode() + source).hexdigest()[:16]}"
        loader = _Loader(self._root / path, source)
        spec = spec_from_loader(name, loader)
        if spec is None:
            raise PluginError(f"{path} cannot be loaded")
        module = module_from_spec(spec)
        # Type annotations are looked up there, by msgspec among others.
        sys.modules[name] = module
        try:
            loader.exec_module(module)
        except BaseException as error:
            del sys.modules[name]
            if isinstance(error, KeyboardInterrupt):
                raise
            raise PluginError(f"{path} cannot be loaded: {explain(error)}") from error
        self._refuse_same_events(path, module)
        self.sources[path] = source
        return module

    def _refuse_same_events(self, path: str, module: ModuleType) -> None:
        """Check that a file's events are called otherwise than those of the scenario's other files."""
        own = _declared_events(module)
        for other, loaded in self._loaded.items():
            both = own & _declared_events(loaded) if isinstance(loaded, ModuleType) else None
            if both:
                raise PluginError(f"{path} and {other} both declare events {' and '.join(sorted(both))}")

    def _read(self, path: str, most: int = MAX_BYTES) -> bytes:
        file = self._root / path
        try:
            real = file.resolve()
            if not real.is_relative_to(self._root.resolve()):
                raise PluginError(f"{path} is outside of the scenario's directory")
            if not real.is_file():
                # Compared without "./" and ".py", which make any two names similar.
                beside = [other.stem for other in file.parent.glob(f"*{file.suffix}")]
                near = get_close_matches(file.stem, beside, n=1)
                valid = [
                    f"./{(file.parent / f'{stem}{file.suffix}').relative_to(self._root).as_posix()}" for stem in near
                ]
                raise PluginError(f"no such file: {file}", given=f"./{path}", valid=valid)
            with real.open("rb") as opened:
                source = opened.read(most + 1)
        except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError until Python 3.13
            raise PluginError(f"{path} cannot be read: {error}") from error
        if len(source) > most:
            raise PluginError(f"{path} is larger than {most // 2**20} MiB")
        return source


class _Loader(ExecutionLoader):
    """Runs the source that was read, so that the copy that is kept is the code that was run."""

    def __init__(self, path: Path, source: bytes) -> None:
        self._path = path
        self._source = source

    def get_filename(self, fullname: str) -> str:
        del fullname
        return str(self._path)

    def get_source(self, fullname: str) -> str:
        del fullname
        return decode_source(self._source)


def _declared_events(module: ModuleType) -> set[str]:
    found = (it for it in vars(module).values() if isinstance(it, type) and issubclass(it, Event))
    return {event_tag(kind) for kind in found if kind.__module__ == module.__name__}


def _refuse_form(use: str) -> None:
    path, colon, _ = use.partition(":")
    message = 'expected "./FILE.py:CLASS", a file below the scenario\'s directory'
    better = f"./{use}"
    if path.startswith("/") or ".." in path.split("/") or "\\" in path:
        raise PluginError(f'{message}: no absolute path, no ".."')
    if not colon:
        raise PluginError(f"{message}, with the class after a colon")
    raise PluginError(message, given=use, valid=[better] if _FILE.fullmatch(better) else [])
