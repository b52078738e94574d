"""Preparation of a run directory for Shadow: the libraries of Monero's programs and the agents' compiled modules."""

import subprocess
import sys
from pathlib import Path

from monerosim.build.compat import CompatError, install_library, libraries_of
from monerosim.build.processes import AGENT_ENVIRONMENT, PLAN
from monerosim.engine import EngineError
from monerosim.plan.plan import Plan

_TIMEOUT = 60
"""Seconds that loading and compiling all agents' modules may take."""


def prepare(plan: Plan, directory: Path, final: Path) -> None:
    """Add what Shadow needs beside shadow.yaml to a run directory, and compile the modules of its agents.

    Args:
        plan: The plan.
        directory: The run directory, with plan and plugins.
        final: Its path when it is run.

    Raises:
        EngineError: A library cannot be built, or the agents' modules cannot be loaded.
        OSError: A file cannot be written.
    """
    try:
        for name in libraries_of(plan):
            if not (directory / f"{name}.so").is_file():
                install_library(name, directory, final)
    except CompatError as error:
        raise EngineError(str(error)) from error
    _compile_agents(directory)


def _compile_agents(directory: Path) -> None:
    """Have Python compile all modules that the run's agents import, and keep the result where it can.

    An agent that compiles a module reads the clock more often than one that finds it compiled, and that takes simulated
    time. Agents of a run do not keep what they compile (:mod:`monerosim.build.shadow`): which of them is first would be
    chance, and the next run would find what the first did not.
    """
    command = [sys.executable, "-m", "monerosim.agent", "--plan", PLAN]
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            command,
            cwd=directory,
            # As under Shadow: without the user's environment, so that modules are found in the same places.
            env=AGENT_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"the agents' modules were not loaded within {_TIMEOUT} s") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"status {done.returncode}"]
        raise EngineError(f"the agents' modules cannot be loaded: {lines[-1]}")
