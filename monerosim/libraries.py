"""Small libraries in C, built with the machine's compiler when they are first needed, and cached by content.

They lie in ``$XDG_CACHE_HOME/monerosim`` or ``~/.cache/monerosim``, one for each source and compiler, so the compiler
runs once.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

COMPILERS = ("cc", "gcc", "clang")
"""Compilers looked up on PATH, in this order, unless the environment names one in ``CC``."""

FLAGS = ("-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra")

_TIMEOUT = 60
"""Seconds that a compiler may take."""


class LibraryError(Exception):
    """A library cannot be built; the message is for the user."""


class NoCompilerError(LibraryError):
    """There is no C compiler."""


def built(name: str, source: bytes) -> Path:
    """Return a library in the cache, building it if necessary.

    Args:
        name: What its file's name begins with.
        source: In C.

    Raises:
        LibraryError: There is no compiler, or it fails, or the cache cannot be written.
    """
    compiler = find_compiler()
    key = sha256(b"\0".join([source, *map(os.fsencode, [*compiler, *FLAGS])])).hexdigest()[:32]
    library = _cache() / f"{name}-{key}.so"
    try:
        if not library.is_file():
            library.parent.mkdir(parents=True, exist_ok=True)
            _build(compiler, source, library)
    except OSError as error:
        raise LibraryError(f"{library.parent}, the library's cache, cannot be used: {error.strerror}") from error
    return library


def find_compiler() -> list[str]:
    """Return a C compiler.

    Returns:
        Its full path, and the arguments in ``CC``.

    Raises:
        NoCompilerError: There is none.
    """
    named = shlex.split(os.environ.get("CC", ""))
    for program in named[:1] or COMPILERS:
        if found := shutil.which(program):
            return [found, *named[1:]]
    raise NoCompilerError(
        f"the C compiler of the environment variable CC ({named[0]}) does not exist" if named else "no C compiler"
    )


def _build(compiler: list[str], source: bytes, library: Path) -> None:
    """Compile beside the library's path and rename, so that no reader sees a partial file."""
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        (Path(folder) / "library.c").write_bytes(source)
        command = [*compiler, *FLAGS, "-o", "library.so", "library.c", "-ldl"]
        try:
            done = subprocess.run(  # noqa: S603  (the user's compiler, on our own source)
                command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LibraryError(f"the C compiler {compiler[0]} cannot be used: {error}") from error
        if done.returncode != 0:
            raise LibraryError(
                f"the C compiler failed ({shlex.join(command)}):\n{done.stderr.strip() or done.stdout.strip()}"
            )
        (Path(folder) / "library.so").rename(library)


def _cache() -> Path:
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # By the XDG base directory specification, a relative path is ignored.
    return (named if named.is_absolute() else Path.home() / ".cache") / "monerosim"
