"""The libraries for Monero's programs under Shadow: built with the machine's C compiler, cached by content.

``compat.c`` answers what Shadow refuses; ``proof_of_work.c`` spares monerod the hash where any hash will do.

Built libraries are cached in ``$XDG_CACHE_HOME/monerosim`` or ``~/.cache/monerosim``, one for each source and
compiler, so the compiler runs once. A run directory gets a copy of its own, so that it depends on nothing else;
where LD_PRELOAD could not name that copy, the cached one serves.
"""

import os
import shlex
import shutil
import subprocess
import tempfile
from contextlib import suppress
from hashlib import sha256
from importlib import resources
from pathlib import Path

from monerosim.plan.plan import Plan

COMPAT = "compat"
PROOF_OF_WORK = "proof_of_work"
"""The libraries: NAME.c here, NAME.so in the run directory."""

RANDOMX = b"librandomx.so"
"""What a program that takes RandomX from a shared library names in its dynamic section."""

COMPILERS = ("cc", "gcc", "clang")
"""Compilers looked up on PATH, in this order, unless the environment names one in ``CC``."""

FLAGS = ("-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra")

_SEPARATORS = " \t\n:;$"
"""Characters with a meaning in LD_PRELOAD (ld.so(8)), or in Shadow's additions to it."""

_TIMEOUT = 60
"""Seconds that a compiler may take."""


class CompatError(Exception):
    """A library cannot be built; the message is for the user."""


def libraries_of(plan: Plan) -> tuple[str, ...]:
    """Return the libraries that a plan's monerod and monero-wallet-rpc get; the wallets get the first alone."""
    if plan.shadow.compat == "off":
        return ()
    return (COMPAT, PROOF_OF_WORK) if plan.shadow.proof_of_work == "skipped" else (COMPAT,)


def takes_randomx_from_library(program: Path) -> bool:
    """Return whether a program takes RandomX from a shared library, so that another can take its place.

    Raises:
        OSError: It cannot be read.
    """
    return RANDOMX in program.read_bytes()


def install_library(name: str, directory: Path, final: Path | None = None) -> None:
    """Put a library into a run directory, as ``NAME.so``, if it can be used from there.

    Args:
        name: Which.
        directory: The run directory.
        final: Its path when it is run, if it is being built elsewhere.

    Raises:
        CompatError: The library cannot be built, or LD_PRELOAD cannot name any copy of it.
        OSError: It cannot be written.
    """
    library = built_library(name)
    if _nameable(final or directory):
        shutil.copy(library, directory / f"{name}.so")
    elif not _nameable(library):
        raise CompatError(
            f"neither the run directory's path nor {library} can be named in LD_PRELOAD, by which monerod gets the "
            "library that it needs under Shadow: choose another place for the run, without blanks, ':', ';' and '$'"
        )


def library_of(run: Path, name: str) -> Path:
    """Return the path of a run directory's library.

    Args:
        run: The absolute path of the run directory when it is run.
        name: Which.
    """
    if not _nameable(run):
        # Failing to build it is an error of installing it.
        with suppress(CompatError):
            return built_library(name)
    return run / f"{name}.so"


def _nameable(path: Path) -> bool:
    return not set(str(path)) & set(_SEPARATORS)


def built_library(name: str) -> Path:
    """Return a library in the cache, building it if necessary.

    Returns:
        The library's path.

    Raises:
        CompatError: There is no compiler, or it fails, or the cache cannot be written.
    """
    source = (resources.files("monerosim.build") / f"{name}.c").read_bytes()
    compiler = find_compiler()
    key = sha256(b"\0".join([source, *map(os.fsencode, [*compiler, *FLAGS])])).hexdigest()[:32]
    library = _cache() / f"{name}-{key}.so"
    try:
        if not library.is_file():
            library.parent.mkdir(parents=True, exist_ok=True)
            _build(compiler, source, library)
    except OSError as error:
        raise CompatError(f"{library.parent}, the library's cache, cannot be used: {error.strerror}") from error
    return library


def find_compiler() -> list[str]:
    """Return a C compiler.

    Returns:
        Its full path, and the arguments in ``CC``.

    Raises:
        CompatError: There is none.
    """
    named = shlex.split(os.environ.get("CC", ""))
    for program in named[:1] or COMPILERS:
        if found := shutil.which(program):
            return [found, *named[1:]]
    missing = f"the C compiler of the environment variable CC ({named[0]}) does not exist" if named else "no C compiler"
    raise CompatError(
        f"{missing}: monerod runs under Shadow only with a small library that is built here. "
        "On Debian and Ubuntu `apt-get install gcc libc6-dev` brings one, on Fedora `dnf install gcc`; "
        'or turn the library off with compat = "off" in [shadow], if your Shadow does not need it'
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
            raise CompatError(f"the C compiler {compiler[0]} cannot be used: {error}") from error
        if done.returncode != 0:
            raise CompatError(
                f"the C compiler failed ({shlex.join(command)}):\n{done.stderr.strip() or done.stdout.strip()}"
            )
        (Path(folder) / "library.so").rename(library)


def _cache() -> Path:
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # By the XDG base directory specification, a relative path is ignored.
    return (named if named.is_absolute() else Path.home() / ".cache") / "monerosim"
