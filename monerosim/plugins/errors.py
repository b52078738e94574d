"""What is told when a plugin cannot be had, and where in its code it went wrong."""

import importlib
import traceback
from collections.abc import Iterable


class PluginError(Exception):
    """A plugin cannot be had; the message is for the user.

    Attributes:
        given: What was asked for, where near misses can be suggested.
        valid: What could have been asked for.
    """

    def __init__(self, message: str, *, given: str = "", valid: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.given = given
        self.valid = tuple(valid)


def explain(error: BaseException) -> str:
    """Say what a plugin's code raised when it was loaded, and where, in one line."""
    message = " ".join(str(error).split())
    told = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if isinstance(error, SyntaxError):
        return told  # it names the file and the line itself
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
    return f"{told} ({frames[-1].filename}, line {frames[-1].lineno})" if frames else told


def _is_ours(filename: str) -> bool:
    """Tell whether a frame is part of the loading: of Python's import system, or of this package."""
    return filename.startswith(("<frozen ", _IMPORTLIB, _HERE))


_HERE = __file__.removesuffix("errors.py")
_IMPORTLIB = importlib.__file__.removesuffix("__init__.py")
