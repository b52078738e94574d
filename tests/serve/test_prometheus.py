"""Prometheus, as Debian packages it, scrapes a run while it is played, and answers questions about it."""

import os
import shutil
import socket
import subprocess
from contextlib import ExitStack, suppress

import pytest
import requests
from serving import AUTHORISED, NEVER_LONGER, until

from monerosim.units import SECOND

PROMETHEUS = shutil.which("prometheus")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.skipif(PROMETHEUS is None and "CI" not in os.environ, reason="needs Debian's package prometheus")
def test_prometheus_scrapes_a_run_in_progress_and_answers(paused):
    directory, asked = paused
    folder = directory.parent
    with ExitStack() as stack:
        target = asked.address.removeprefix("http://")
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\n"
            f'scrape_configs: [{{job_name: monerosim, static_configs: [{{targets: ["{target}"]}}]}}]\n'
        )
        address = f"127.0.0.1:{free_port()}"
        arguments = [f"--web.listen-address={address}", f"--storage.tsdb.path={folder / 'data'}"]
        log = stack.enter_context((folder / "log").open("wb"))
        command = [PROMETHEUS, f"--config.file={folder / 'prometheus.yml'}", *arguments]
        prometheus = subprocess.Popen(command, stdout=log, stderr=log)
        stack.callback(prometheus.wait, NEVER_LONGER)
        stack.callback(prometheus.terminate)
        for minutes in (5, 10):
            time = {"time": f"{minutes}m"}
            asked.post("/api/control", json={"command": "until", "arguments": time}, headers=AUTHORISED)
            until(lambda: asked.get("/api/control").json()["state"]["t"] == minutes * 60 * SECOND)  # noqa: B023
            height = asked.get("/api/metrics").json()["values"]["height"]
            (answer,) = ask(address, f'monerosim_height{{run="run"}} == {height} and monerosim_playing == 1')
            assert float(answer["value"][1]) == height > 0


def ask(address, question):
    """Ask until there is something to answer."""
    found = []

    def answered():
        with suppress(requests.ConnectionError):
            answer = requests.get(f"http://{address}/api/v1/query", params={"query": question}, timeout=10)
            found.extend(answer.json()["data"]["result"] if answer.ok else ())
        return found

    until(answered)
    return found
