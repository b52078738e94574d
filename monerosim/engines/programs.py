"""What engines that start the programs of a plan have in common."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from monerosim.build.binaries import INSTALLING
from monerosim.build.processes import PYTHON
from monerosim.engine import EngineError
from monerosim.plan.plan import Plan


def check_programs(plan: Plan) -> None:
    """Check that the programs of a plan are here.

    Raises:
        EngineError: Some are not; the message says which, and how they are installed.
    """
    processes = [process for host in plan.hosts for process in host.processes]
    upgrades = {process.upgrade.argv[0] for process in processes if process.upgrade is not None}
    programs = ({process.argv[0] for process in processes} | upgrades) - {PYTHON}
    missing = sorted(program for program in programs if shutil.which(program) is None)
    if missing:
        raise EngineError(f"not found: {', '.join(missing)}\n{INSTALLING}")


def check_fresh(directory: Path, traces: Iterable[Path]) -> None:
    """Check that a run directory has not been played.

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
