"""The libraries for Monero's programs under Shadow (:mod:`monerosim.libraries`).

``compat.c`` answers what Shadow refuses; ``proof_of_work.c`` spares monerod the hash where any hash will do.

A run directory gets a copy of its own, so that it depends on nothing else; where LD_PRELOAD could not name that copy,
the cached one serves.
"""

import shutil
from contextlib import suppress
from importlib import resources
from pathlib import Path

from monerosim.libraries import LibraryError, NoCompilerError, built
from monerosim.plan.plan import Plan

COMPAT = "compat"
PROOF_OF_WORK = "proof_of_work"
"""The libraries: NAME.c here, NAME.so in the run directory."""

RANDOMX = b"librandomx.so"
"""What a program that takes RandomX from a shared library names in its dynamic section."""

_SEPARATORS = " \t\n:;$"
"""Characters with a meaning in LD_PRELOAD (ld.so(8)), or in Shadow's additions to it."""


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
    try:
        return built(name, (resources.files("monerosim.build") / f"{name}.c").read_bytes())
    except NoCompilerError as error:
        raise CompatError(
            f"{error}: monerod runs under Shadow only with a small library that is built here. "
            "On Debian and Ubuntu `apt-get install gcc libc6-dev` brings one, on Fedora `dnf install gcc`; "
            'or turn the library off with compat = "off" in [shadow], if your Shadow does not need it'
        ) from error
    except LibraryError as error:
        raise CompatError(str(error)) from error
