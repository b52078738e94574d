"""A Dask cluster of processes on this machine's loopback: workers die, the scheduler is restarted."""

import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from threading import Thread

import pytest
from sweeps import write
from tenacity import retry, stop_after_delay, wait_fixed

from monerosim.ensemble.cluster import Cluster
from monerosim.ensemble.executors import ClusterError, Here
from monerosim.ensemble.sweep import sweep

pytestmark = pytest.mark.timeout(300)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@retry(stop=stop_after_delay(120), wait=wait_fixed(0.1), reraise=True)
def listening(port):
    socket.create_connection(("127.0.0.1", port)).close()


@contextmanager
def process(module, *arguments, cwd):
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        try:
            yield started
        finally:
            started.kill()


@contextmanager
def scheduler(port, folder):
    with process("dask_scheduler", "--host", "127.0.0.1", "--port", str(port), cwd=folder) as started:
        listening(port)
        yield started


def worker(port, folder):
    address = f"tcp://127.0.0.1:{port}"
    options = ["--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
    return process("dask_worker", address, *options, "--death-timeout", "120", cwd=folder)


def test_a_sweep_ends_whole_though_a_worker_dies_and_the_scheduler_is_restarted(tmp_path):
    path, port = write(tmp_path), free_port()
    ended = []
    results = []
    with ExitStack() as stack:
        first = stack.enter_context(scheduler(port, tmp_path))
        workers = [stack.enter_context(worker(port, tmp_path)) for _ in range(3)]

        def play():
            cluster = Cluster(f"tcp://127.0.0.1:{port}", patience=120)
            swept = sweep(path, tmp_path / "sweep", seeds="1..60", executor=cluster, on_progress=ended.append)
            results.append(swept)

        playing = Thread(target=play)
        playing.start()
        await_played(ended, 5, playing)
        workers[0].kill()
        await_played(ended, 15, playing)
        first.kill()
        first.wait()
        before = ended[-1].played
        stack.enter_context(scheduler(port, tmp_path))
        for _ in range(2):
            stack.enter_context(worker(port, tmp_path))
        playing.join()
    (swept,) = results
    assert ended[-1].done == ended[-1].total == 60
    # Each result came once: what was kept before was not played again.
    assert [progress.played for progress in ended] == list(range(61))
    assert 15 <= before < 60
    alone = sweep(path, tmp_path / "alone", seeds="1..10", executor=Here())
    there = {result.key: result.measures for result in swept.results()}
    assert len(there) == 60
    for result in alone.results():
        assert there[result.key] == result.measures
        assert swept.store.summary(result.key).digest == alone.store.summary(result.key).digest


def await_played(ended, count, playing):
    while not ended or ended[-1].played < count:
        assert playing.is_alive()
        time.sleep(0.05)


def test_no_scheduler_is_an_error_with_its_address(tmp_path):
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(ClusterError, match=f"no Dask scheduler answers at {address}"):
        sweep(write(tmp_path), tmp_path / "sweep", seeds="1", executor=Cluster(address, patience=2))


def test_no_workers_are_an_error(tmp_path):
    port = free_port()
    cluster = Cluster(f"tcp://127.0.0.1:{port}", patience=4)
    with scheduler(port, tmp_path), pytest.raises(ClusterError, match="has had no workers for 4 s"):
        sweep(write(tmp_path), tmp_path / "sweep", seeds="1", executor=cluster)
