"""One program of a plan, as a child of the process supervisor."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from monerosim.build.processes import COMMAND, PYTHON, arguments
from monerosim.engines.die_with_parent import die_with_parent
from monerosim.engines.output_tail import output_tail
from monerosim.plan.plan import ProcessPlan


class SupervisedProcess:
    """A program that is started, watched and ended.

    Args:
        host: The participant's name.
        plan: The program.
        run: The run directory.
        environment: The environment it gets, beside what its plan names.
    """

    def __init__(self, host: str, plan: ProcessPlan, run: Path, environment: Mapping[str, str]) -> None:
        self.host = host
        self.plan = plan
        self.due: int | None = plan.start
        """When it is to be started, microseconds since the run's start; None if it is not to be."""
        self.is_wanted = True
        """Whether it is to run, once it is due: a condition of the network may have ended it."""
        self.returns = False
        """Whether it is to be started as soon as it has ended."""
        self.upgrade_due = None if plan.upgrade is None else plan.upgrade.at
        """When it is to be started again as another version; None once that is done."""
        self.restarted: list[int] = []
        """When it died and was to be started again."""
        self._run = run
        self._environment = {**environment, **plan.environment}
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def is_agent(self) -> bool:
        """Whether it is our own program, rather than a daemon or a wallet: the actors', or one that runs a script."""
        return self.plan.argv[0] == PYTHON

    @property
    def is_script(self) -> bool:
        """Whether it runs a script, which ends when it likes."""
        return self.is_agent and COMMAND in self.plan.argv

    @property
    def output(self) -> Path:
        """The file with what it prints."""
        return self._run / "hosts" / self.host / f"{self.plan.name}.out"

    @property
    def runs(self) -> bool:
        """Whether it is running."""
        return self._child is not None and self._child.poll() is None

    @property
    def is_gone(self) -> bool:
        """Whether it does not run, and its end has been taken note of."""
        return self._child is None

    def start(self, now: int) -> None:
        """Start it in a session of its own; it dies with this process.

        Args:
            now: Microseconds since the run's start.

        Raises:
            OSError: The program cannot be executed.
        """
        self.due = None
        with self.output.open("ab") as output:
            self._child = subprocess.Popen(  # noqa: S603  (the plan's programs are what is to be run)
                arguments(self.plan, self._run, sys.executable, at=now),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.output.parent,
                env=self._environment,
                start_new_session=True,
                preexec_fn=die_with_parent(),  # noqa: PLW1509  (safe here: the process supervisor has one thread)
            )

    def reap(self) -> int | None:
        """Take note of its end.

        Returns:
            The exit status if it has ended since the last look, the negative number of a signal if one killed it.
        """
        if self._child is None:
            return None
        status = self._child.poll()
        if status is not None:
            self._child = None
        return status

    def terminate(self) -> None:
        """Ask it, and what it may have started, to end."""
        self.signal(signal.SIGTERM)
        # One that stands still would not notice.
        self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        """Send it, and what it may have started, a signal, if it runs."""
        if self._child is not None and self._child.poll() is None:
            os.killpg(self._child.pid, number)

    def kill(self) -> None:
        """End it at once, if it runs."""
        if self._child is not None and self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()

    def output_tail(self) -> str:
        """Return the first and the last lines that it has printed."""
        return "\n".join(output_tail(self.output.read_text(errors="replace").strip().splitlines()))
