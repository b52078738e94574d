"""Alerts of a run under Shadow are found while it plays, those about heights too."""

from small_runs import build, happened

from monerosim.events import AlertRaised
from monerosim.events.log import read_events
from monerosim.runs import play
from monerosim.units import SECOND

PARTED = """
[simulation]
name = "parted"
engine = "shadow"
duration = "30m"
cooldown = "0s"

[participants.maker]
kind = "constant-mining"
interval = "20s"

[participants.far]
kind = "relay"

[[alerts]]
when = "node-behind"
blocks = 2
after = "0s"

[[timeline]]
at = "1m"
do = "partition"
sides = { near = ["maker"], far = ["far"] }
"""


def test_a_node_that_falls_behind_is_told_while_the_run_goes_on(tmp_path):
    (tmp_path / "parted.toml").write_text(PARTED)
    run, meanwhile = tmp_path / "run", []
    build(tmp_path / "parted.toml", run)

    def look(progress):
        if (run / "alerts.jsonl").is_file():
            meanwhile.append(progress.now)
        return True

    played = play(run, on_progress=look)
    (raised,) = happened(played, AlertRaised)
    assert (raised.participant, raised.data.alert) == ("far", "node-behind")
    assert 60 * SECOND < raised.t <= 120 * SECOND
    assert list(read_events(run / "alerts.jsonl")) == [raised]
    assert meanwhile[0] < played.plan.stop
