"""A command over HTTP reaches an actor beside real programs, and its answer comes back."""

import os
import re
import subprocess
import sys

import pytest
import requests
from real_network import wait_until

COMMAND = {"command": "set", "arguments": {"check_interval": "3s"}}
"""What it has already: the run stays as it is."""


@pytest.fixture
def server(begun):
    """The server's address, and what authorises its user."""
    command = [sys.executable, "-m", "monerosim.cli", "serve", begun, "--port", "0", "--allow-commands"]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            address, token = re.search(r"(http://\S+)/#token=(\S+)", process.stdout.readline()).groups()
            yield address, {"Authorization": f"Bearer {token}"}
        finally:
            process.terminate()


def test_a_command_reaches_an_actor_and_its_answer_is_shown(server):
    address, headers = server

    def ask(path):
        return requests.get(f"{address}/api/{path}", timeout=60).json()

    wait_until(lambda: ask("status")["playing"])
    url = f"{address}/api/agents/marketplace/command"
    sent = requests.post(url, json=COMMAND, headers=headers, timeout=60)
    assert sent.status_code in {200, 202}
    # Before its agent has begun a letter waits.
    number = sent.json()["number"]
    (shown,) = wait_until(
        lambda: [it for it in ask("control")["requests"] if it["number"] == number and it["answer"]], within=250
    )
    assert (shown["answer"]["ok"], shown["answer"]["text"]) == (True, "marketplace")
    executed = ask("events?kind=command-executed&limit=1000")["events"]
    assert [it["participant"] for it in executed if it["data"]["command"] == "set"] == ["marketplace"]
    slower = requests.post(f"{address}/api/control", json={"command": "pause"}, headers=headers, timeout=60)
    assert slower.status_code == 422
    assert "cannot be slowed" in slower.json()["answer"]["text"]
