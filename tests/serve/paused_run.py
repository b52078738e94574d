"""A run that stands still where it was told to, and the server that shows it, for tests of pages."""

import json
import socket
import threading
import time
from contextlib import ExitStack, contextmanager

from browsing import watched
from serving import served
from small_runs import build

from monerosim.control import Request, await_answer, open_control, read_state, write_request
from monerosim.events.log import EVENTS
from monerosim.runs import play

SCENARIO = """
[simulation]
name = "watched"
duration = "12m"
seed = 3

[consensus]
block_time = "15s"

[network]
latency = "1500ms"

[record]
stems = "all"
txpool = "all"

[[alerts]]
when = "payment-unconfirmed"
after = "20s"

[participants.pool]
kind = "mining-pool"
count = 2
hashrate = 50

[participants.block-controller]
kind = "block-controller"

[participants.user]
kind = "regular-user"
count = 4
wallet = { initial_balance = "20 XMR" }
transaction_frequency = 0.8

[[timeline]]
at = "2m"
who = "user-003"
do = "pause"
"""
PATIENCE = 60_000
PHONE = {"scheme": "dark", "width": 390}


class PausedRun:
    """A run that stands still where it was told to, and the server that shows it."""

    def __init__(self, folder):
        self.folder, self.run = folder, folder / "run"
        (folder / "watched.toml").write_text(SCENARIO)
        build(folder / "watched.toml", self.run)
        open_control(self.run)
        write_request(self.run, Request("until", arguments={"time": "1m"}))
        self.player = threading.Thread(target=play, args=(self.run,))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.server = ExitStack()

    def start_server(self):
        self.server.close()
        asked, self.token = self.server.enter_context(
            served(self.folder, "--allow-commands", "--allow-runs", "--port", self.port)
        )
        self.address = asked.address

    def page(self, name="", token=False):
        """Return the address of a page of the run."""
        return f"{self.address}/#token={self.token}" if token else f"{self.address}/#/run/run/{name}"

    def ask(self, command, **arguments):
        return await_answer(self.run, write_request(self.run, Request(command, arguments=arguments)), PATIENCE / 1000)

    def until(self, holds):
        """Wait until something holds of the run's state."""
        end = time.monotonic() + PATIENCE / 1000
        while not ((state := read_state(self.run)) and holds(state)):
            assert time.monotonic() < end
            time.sleep(0.02)

    def stand_at(self, minutes):
        """Wait until the run stands still at a time."""
        self.until(lambda state: state.paused and state.t == minutes * 60 * 10**6)

    def events(self):
        return [json.loads(line) for line in (self.run / EVENTS).read_bytes().splitlines()]


@contextmanager
def opened(browser, live, name, **options):
    """Open a page of the run as somebody who has the token."""
    with watched(browser, live.page(token=True), **options) as page:
        page.goto(live.page(name))
        yield page
