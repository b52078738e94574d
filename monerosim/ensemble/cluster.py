"""Playing the runs of a sweep on the workers of a Dask cluster (``monerosim[dask]``).

Workers need monerosim, and for engines with real programs those. A run's input and results travel with its task, so no
file system is shared, unless whole run directories are kept.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from time import monotonic

from distributed import CancelledError, Client, Future, wait
from distributed.scheduler import KilledWorker

from monerosim.ensemble.executors import ClusterError
from monerosim.ensemble.member import Member, Outcome, play_member

PATIENCE = 300
"""Seconds for which a cluster may have no scheduler or no worker, before a sweep gives up."""

_LOOK = 1.0
"""Seconds between two looks at whether the scheduler is gone."""

_SPARE = 10
"""Tasks that wait at the scheduler beyond those that workers can begin at once."""


class Cluster:
    """The workers of a Dask cluster.

    A run whose worker is lost is played by another; Dask counts one that has lost several as failed. When the scheduler
    has been restarted, what had not ended is sent to it again.

    Args:
        address: The scheduler's, such as ``tcp://10.0.0.5:8786``.
        resources: What each run takes of what workers were started with, such as ``{"memory": 8e9}``.
        patience: Seconds for which it may be away.
    """

    def __init__(
        self, address: str, resources: Mapping[str, float] | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._address = address
        self._resources = dict(resources or {})
        self._patience = patience

    def play(self, members: Iterable[Member]) -> Generator[Outcome, None, None]:
        """Play runs on all workers.

        Raises:
            ClusterError: There is no scheduler at the address, or none any more, or it has no workers.
        """
        try:
            client = Client(self._address, timeout=min(self._patience, 30), set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise ClusterError(f"no Dask scheduler answers at {self._address}: {error}") from error
        with client, client.as_current():
            yield from self._play(client, iter(members))

    def _play(self, client: Client, rest: Iterator[Member]) -> Generator[Outcome, None, None]:
        running: dict[Future[Outcome], Member] = {}
        again: list[Member] = []
        seen = monotonic()
        while True:
            workers = _threads(client)
            if client.status == "running" and workers:
                seen = monotonic()
                again += [running.pop(future) for future in list(running) if future.status in ("cancelled", "lost")]
                fresh = islice(rest, max(0, workers + _SPARE - len(running) - len(again)))
                running |= {self._submit(client, member): member for member in (*again, *fresh)}
                again = []
                if not running:
                    return
            elif monotonic() - seen > self._patience:
                what = "workers" if client.status == "running" else "scheduler"
                raise ClusterError(f"the Dask cluster at {self._address} has had no {what} for {self._patience:g} s")
            for future in _ended(running):
                member = running.pop(future)
                outcome = _outcome(future, member)
                if outcome is None:
                    again.append(member)
                else:
                    yield outcome

    def _submit(self, client: Client, member: Member) -> Future[Outcome]:
        return client.submit(play_member, member, pure=False, resources=self._resources or None)


def _threads(client: Client) -> int:
    try:
        return sum(client.nthreads().values())  # type: ignore[no-untyped-call]
    except OSError:
        return 0


def _ended(running: Mapping[Future[Outcome], Member]) -> list[Future[Outcome]]:
    """Return those that have ended, after waiting for one for a while."""
    with suppress(OSError, CancelledError):
        # Raised where the scheduler went while this waited; the futures then say that they are cancelled.
        wait(list(running), timeout=_LOOK, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
    return [future for future in running if future.status in ("finished", "error")]


def _outcome(future: Future[Outcome], member: Member) -> Outcome | None:
    """Return what came of a run; None where that went with its worker or its scheduler before it was fetched."""
    try:
        outcome = future.result()
    except KilledWorker:
        return Outcome(key=member.key, error="its workers died, one after the other; out of memory?")
    except (OSError, CancelledError):
        return None
    if not isinstance(outcome, Outcome):
        raise TypeError(outcome)
    return outcome
