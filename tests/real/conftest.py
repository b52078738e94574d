"""What the tests with real daemons share: the programs, and a small network with coins to pay with."""

import threading
from pathlib import Path

import pytest
from real_network import RealNetwork

from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.control import open_control
from monerosim.runs import play
from monerosim.scenario import examine

SCENARIO = """
[simulation]
engine = "local"
bootstrap = "140s"
duration = "80s"
cooldown = "10s"
bootstrap_block_interval = "200ms"

[consensus]
block_time = "6s"
block_arrivals = "fixed"

[record]
relays = "all"
stems = "all"
txpool = ["miner"]

[participants.miner]
kind = "mining-pool"
hashrate = 100

[participants.user]
kind = "regular-user"
wallet = { initial_balance = "20 XMR" }
orders = true
transaction_interval = "10s"
until = "20s"
check_interval = "3s"

[participants.marketplace]
kind = "marketplace"
node = "miner"
wallet = { addresses = 2 }
order_address = "integrated"
check_interval = "3s"

[participants.block-controller]
kind = "block-controller"

[[alerts]]
when = "payment-unconfirmed"
after = "2s"
"""
"""As short as real programs allow: a bootstrap of two minutes, a payment, and time for its confirmation.

A node may keep a payment to itself for a minute before it floods it; a wallet looks for blocks every twenty seconds.
"""


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.real)


@pytest.fixture(scope="session", autouse=True)
def _programs(_no_hashes, _real_programs):
    pass


class Playing:
    """A run that is played while other tests go on, because it takes minutes of mere waiting."""

    def __init__(self, directory):
        self.directory = directory
        write_run_directory(build_plan(examine(SCENARIO.encode())), SCENARIO.encode(), directory)
        open_control(directory)
        self._unwanted = threading.Event()
        self._outcome = None
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def result(self):
        self._thread.join()
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def close(self):
        self._unwanted.set()
        self._thread.join()

    def _play(self):
        try:
            self._outcome = play(self.directory, on_progress=lambda _: not self._unwanted.is_set(), trace_level="DEBUG")
        except BaseException as error:  # noqa: BLE001  (it is raised where the result is asked for)
            self._outcome = error


@pytest.fixture(scope="session", autouse=True)
def playing(request, _programs, tmp_path_factory):
    """The scenario's run, begun with the session if any of its tests is wanted."""
    if not any({"begun", "finished"} & set(getattr(item, "fixturenames", ())) for item in request.session.items):
        yield None
        return
    run = Playing(tmp_path_factory.mktemp("local") / "run")
    yield run
    run.close()


@pytest.fixture(scope="session")
def begun(playing):
    """The directory of the scenario's run, which may be over."""
    return playing.directory


@pytest.fixture(scope="session")
def finished(playing):
    """The scenario's run when it is over."""
    return playing.result()


@pytest.fixture(scope="session")
def network(_programs, tmp_path_factory):
    """A payer with coins and a shop, their actors in this process; the actors were started before the daemons."""
    network = RealNetwork(tmp_path_factory.mktemp("network") / "run")
    try:
        network.start_actors()
        network.start_daemons()
        yield network
    finally:
        network.close()
