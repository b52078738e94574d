"""A run that is served while it is played, by a process beside it."""

import os
import re
import signal
import subprocess
import sys
import time

from serving import Asking
from small_runs import NETWORK

from monerosim.runs import run
from monerosim.scenario import load

NEVER_LONGER = 120


def test_a_run_is_served_until_ctrl_c_and_is_the_same_as_one_that_is_not(tmp_path):
    (tmp_path / "small.toml").write_text(NETWORK)
    command = [sys.executable, "-m", "monerosim.cli", "run", "small.toml", "-o", "run", "--serve", "--port", "0"]
    environment = os.environ | {"MONEROSIM_NO_REPORT": "1"}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        asked = Asking(re.search(r"(http://\S+)/#token=(\S+)", process.stderr.readline())[1])
        end = time.monotonic() + NEVER_LONGER
        while asked.get("/api/status").json()["state"] != "done":
            assert time.monotonic() < end
            time.sleep(0.1)
        digest = asked.get("/api/status").json()["digest"]
        assert asked.get("/api/control").json()["controlled"]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=NEVER_LONGER)
    assert process.returncode == 0
    assert run(load(tmp_path / "small.toml"), tmp_path / "other").summary.digest == digest
