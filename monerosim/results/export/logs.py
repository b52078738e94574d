"""Relays as logs of monerod, for analyses that were written for those."""

from pathlib import Path

from monerosim.report.monerod_log import write_monerod_logs
from monerosim.runs import Run, RunError


def export_logs(run: Run, directory: Path) -> None:
    """Write NODE/bitmonero.log for each node whose relays were recorded, as R's package xmrpeers reads it.

    Raises:
        RunError: The run has not been played, or no relays were recorded.
        OSError: They cannot be written.
    """
    if not run.plan.record.relays:
        raise RunError(
            f"{run.directory} has no relays to write: the scenario's table [record] asks for none "
            '(relays = "all", "sample" or names of nodes)'
        )
    write_monerod_logs(run.plan, run.events(), directory)
