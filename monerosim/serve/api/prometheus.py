"""Runs as Prometheus scrapes them."""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

from monerosim.results.listing import PLAYED, state_of
from monerosim.serve.api.runs import Status, chosen, status_of
from monerosim.serve.operation import Call, Chosen, Operation
from monerosim.serve.queue import Queue, State
from monerosim.serve.site import ShownRun
from monerosim.tables.measures import MEASURES
from monerosim.tables.resources import Usage, read_usages
from monerosim.units import SECOND

PREFIX = "monerosim_"


class _Runs(Collector):
    """What some runs come to at this moment."""

    def __init__(self, shown: list[ShownRun], queue: Queue | None) -> None:
        self._shown = shown
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """Return all metrics, each with a sample of every run."""
        found = [(it.id, status_of(it), it.counting.now().values) for it in self._shown]
        for measure in MEASURES:
            family = CounterMetricFamily if measure.kind == "counter" else GaugeMetricFamily
            metric = family(f"{PREFIX}{measure.name}", measure.text, labels=["run"])
            for id_, _, values in found:
                metric.add_metric([id_], values[measure.name])
            yield metric
        yield from _of_runs([(id_, status) for id_, status, _ in found])
        yield from _of_processes({it.id: list(read_usages(it.run.directory)) for it in self._shown})
        if self._queue is not None:
            yield _of_submissions(self._queue)


def _of_runs(found: list[tuple[str, Status]]) -> Iterator[Metric]:
    time = GaugeMetricFamily(f"{PREFIX}simulated_seconds", "The scenario's time of the latest event.", labels=["run"])
    playing = GaugeMetricFamily(f"{PREFIX}playing", "1 while the run is being played.", labels=["run"])
    for id_, status in found:
        time.add_metric([id_], status.t / SECOND)
        playing.add_metric([id_], int(status.playing))
    yield from (time, playing)


def _of_submissions(queue: Queue) -> Metric:
    metric = GaugeMetricFamily(f"{PREFIX}submissions", "Scenarios that were submitted.", labels=["state"])
    counted = Counter(it.state for it in queue.all())
    for state in get_args(State):
        metric.add_metric([state], counted[state])
    return metric


def _of_processes(usages: dict[str, list[Usage]]) -> Iterator[Metric]:
    """Return how the simulator itself does: speed, queue, memory and CPU, as measured last."""
    labels = ["run", "process"]
    speed = GaugeMetricFamily(f"{PREFIX}speed_ratio", "Simulated seconds in a second, lately.", labels=["run"])
    memory = GaugeMetricFamily(f"{PREFIX}resident_bytes", "Memory of a process.", labels=labels)
    cpu = CounterMetricFamily(f"{PREFIX}cpu_seconds", "CPU time of a process.", labels=labels)
    for id_, all_ in usages.items():
        last = {usage.process: usage for usage in all_}
        for process, usage in last.items():
            memory.add_metric([id_, process], usage.rss)
            cpu.add_metric([id_, process], usage.cpu_s)
        looks = sorted({(usage.wall_s, usage.t_us) for usage in all_})[-2:]
        if len(looks) > 1 and looks[1][0] > looks[0][0]:
            speed.add_metric([id_], (looks[1][1] - looks[0][1]) / SECOND / (looks[1][0] - looks[0][0]))
    yield from (speed, memory, cpu)


def _metrics(call: Call) -> Response:
    runs, _ = call.site.runs()
    shown = [it for it in runs.values() if state_of(it.run) == PLAYED]
    if call.query.run or (runs and not shown):
        shown = [chosen(call)]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Runs(shown, call.site.queue))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


OPERATIONS = (
    Operation(
        method="GET",
        path="/metrics",
        summary="The runs that are being played, or else the newest, as Prometheus scrapes them.",
        handle=_metrics,
        query=Chosen,
        media=("text/plain",),
    ),
)
