"""The real programs that a plan needs, as far as all engines that start them are concerned."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from monerosim.build.binaries import INSTALLING, REAL_ENGINES
from monerosim.build.processes import PYTHON
from monerosim.build.shadow import INSTALLING_SHADOW
from monerosim.engine import EngineError, load_engine
from monerosim.plan.plan import Plan


def check_ready(plan: Plan) -> None:
    """Make sure, before anything is written, that the engine of a plan and the programs that it takes are here.

    Raises:
        EngineError: Something is not; says what, and how it is installed.
    """
    load_engine(plan.engine)
    if plan.engine == "shadow":
        find_shadow()
    if plan.engine in REAL_ENGINES:
        check_programs(plan)


def find_shadow() -> str:
    """Find Shadow on PATH.

    Raises:
        EngineError: It is not there; says how it is installed.
    """
    found = shutil.which("shadow")
    if found is None:
        raise EngineError(f"not found on PATH: shadow\n{INSTALLING_SHADOW}")
    return found


def check_programs(plan: Plan) -> None:
    """Make sure that the programs of a plan are here.

    Raises:
        EngineError: Some are not; says which, and how they are installed.
    """
    programs = {process.argv[0] for host in plan.hosts for process in host.processes} - {PYTHON}
    missing = sorted(program for program in programs if shutil.which(program) is None)
    if missing:
        raise EngineError(f"not found: {', '.join(missing)}\n{INSTALLING}")


def check_fresh(directory: Path, traces: Iterable[Path]) -> None:
    """Make sure that a run directory has not been played.

    Args:
        directory: The run directory.
        traces: What an engine leaves there as soon as programs are started.

    Raises:
        EngineError: It has been.
    """
    if any(path.exists() for path in traces):
        raise EngineError(
            f"{directory} has been played already, and real programs would go on with its chain and wallets: "
            "build it again (--force replaces it)"
        )
