"""Errors of plugins, with the place in their code."""

import importlib
import traceback
from collections.abc import Iterable


class PluginError(Exception):
    """A plugin cannot be used; the message is for the user.

    Attributes:
        given: The name that was requested, where near misses can be suggested.
        valid: The names that exist.
    """

    def __init__(self, message: str, *, given: str = "", valid: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.given = given
        self.valid = tuple(valid)


def explain(error: BaseException) -> str:
    """Return in one line what a plugin's code raised while it was loaded, and where."""
    message = " ".join(str(error).split())
    told = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if isinstance(error, SyntaxError):
        return told  # it names the file and the line itself
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
    return f"{told} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else told


def _is_ours(filename: str) -> bool:
    """Return whether a frame belongs to the loading: to Python's import system, or to this package."""
    return filename.startswith(("<frozen ", _IMPORTLIB, _HERE))


_HERE = __file__.removesuffix("errors.py")
_IMPORTLIB = importlib.__file__.removesuffix("__init__.py")
