"""A run that stands still, for tests of what is done with one that is being played."""

import threading

import pytest
from paused_run import PausedRun
from serving import ALL, AUTHORISED, NEVER_LONGER, asking, until
from small_runs import NETWORK, USERS, build

from monerosim.control import Request, open_control, write_request
from monerosim.runs import play


@pytest.fixture
def paused(tmp_path):
    """A run that stands still at its beginning, asked over HTTP until it has ended."""
    (tmp_path / "small.toml").write_text(NETWORK + USERS)
    directory = tmp_path / "run"
    build(tmp_path / "small.toml", directory)
    open_control(directory)
    write_request(directory, Request("until", arguments={"time": "1m"}))
    playing = threading.Thread(target=play, args=[directory])
    playing.start()
    with asking(directory, ALL) as asked:
        until(lambda: (asked.get("/api/control").json()["state"] or {}).get("paused"))
        yield directory, asked
        asked.post("/api/control", json={"command": "resume"}, headers=AUTHORISED)
    playing.join(NEVER_LONGER)
    assert not playing.is_alive()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    made = PausedRun(tmp_path_factory.mktemp("pages"))
    made.player.start()
    made.stand_at(1)
    made.start_server()
    yield made
    write_request(made.run, Request("resume"))
    made.player.join()
    made.server.close()
