"""The real programs of a plan, as far as all engines that start them are concerned."""

import shutil

from monerosim.engines.engine import EngineError
from monerosim.plan.binaries import INSTALLING
from monerosim.plan.model import Plan
from monerosim.plan.processes import PYTHON


def check_programs(plan: Plan) -> None:
    """Make sure that the programs of a plan are here.

    Raises:
        EngineError: Some are not; says which, and how they are installed.
    """
    programs = {process.argv[0] for host in plan.hosts for process in host.processes} - {PYTHON}
    missing = sorted(program for program in programs if shutil.which(program) is None)
    if missing:
        raise EngineError(f"not found: {', '.join(missing)}\n{INSTALLING}")
