"""Prometheus, as Debian packages it, scrapes a run and answers a question about it."""

import os
import shutil
import socket
import subprocess
import time

import pytest
import requests
from serving import asking
from small_runs import WHOLE, play

NEVER_LONGER = 120
PROMETHEUS = shutil.which("prometheus")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.skipif(PROMETHEUS is None and "CI" not in os.environ, reason="needs Debian's package prometheus")
def test_prometheus_scrapes_a_run_and_answers(tmp_path):
    played = play(WHOLE, tmp_path / "run")
    with asking(played.directory) as asked:
        target = asked.address.removeprefix("http://")
        (tmp_path / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s}\n"
            f'scrape_configs: [{{job_name: monerosim, static_configs: [{{targets: ["{target}"]}}]}}]\n'
        )
        address = f"127.0.0.1:{free_port()}"
        arguments = [f"--web.listen-address={address}", f"--storage.tsdb.path={tmp_path / 'data'}"]
        with (tmp_path / "log").open("wb") as log:
            command = [PROMETHEUS, f"--config.file={tmp_path / 'prometheus.yml'}", *arguments]
            prometheus = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            answer = ask(address, 'monerosim_payments_confirmed_total{run="run"}')
        finally:
            prometheus.terminate()
            prometheus.wait(NEVER_LONGER)
        assert float(answer[0]["value"][1]) == asked.get("/api/metrics").json()["values"]["payments_confirmed"] > 0


def ask(address, question):
    """Ask until there is something to answer."""
    end = time.monotonic() + NEVER_LONGER
    while True:
        try:
            answer = requests.get(f"http://{address}/api/v1/query", params={"query": question}, timeout=10)
            if answer.ok and (result := answer.json()["data"]["result"]):
                return result
        except requests.ConnectionError:
            pass
        assert time.monotonic() < end
        time.sleep(0.2)
