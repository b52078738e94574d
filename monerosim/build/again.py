"""A run directory built again from one that was played, commands from outside included."""

from pathlib import Path

from monerosim.build.rundir import SCENARIO, RunDirectoryError, write_run_directory
from monerosim.control import ControlError, open_control, read_steering
from monerosim.control.steering import write_replay
from monerosim.files import read_regular
from monerosim.plan.plan import Plan
from monerosim.plugins import PluginError, PluginFiles
from monerosim.plugins.files import MAX_BYTES


def build_again(plan: Plan, run: Path, path: Path, *, force: bool = False) -> None:
    """Build the run directory of a run that is to be replayed.

    Args:
        plan: The plan of the run.
        run: Its directory.
        path: The new one.
        force: Whether a run that is there may be replaced.

    Raises:
        RunDirectoryError: The run is damaged, or the new directory cannot be written.
    """
    try:
        entries = read_steering(run)
        files = PluginFiles.of_run(run, plan.plugins)
        files.verify()
        sources = {name: files.read(name, MAX_BYTES) for name in plan.plugins}
        scenario = read_regular(run / SCENARIO) if (run / SCENARIO).exists() else b""
    except (ControlError, PluginError) as error:
        raise RunDirectoryError(f"{run} cannot be replayed: {error}") from error
    except OSError as error:
        raise RunDirectoryError(f"{run} cannot be replayed: {error.strerror or error}") from error
    write_run_directory(plan, scenario, path, force=force, plugins=sources)
    try:
        open_control(path)
        write_replay(path, entries)
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be written: {error.strerror or error}") from error
