"""The network of a scenario, told and drawn."""

import re

import pytest
from click.testing import CliRunner

from monerosim.cli import main

SMALL = """
[network]
peers = "PEERS"
connections = 3
topology = { kind = "regional", regions = { europe = 1, asia = 1 } }
[participants.open]
node = {}
count = 6
[participants.behind]
count = 6
node = { reach = "unreachable" }
"""


def shown(tmp_path, peers, *more):
    path = tmp_path / "small.toml"
    path.write_text(SMALL.replace("PEERS", peers))
    result = CliRunner().invoke(main, ["topology", str(path), *more])
    assert result.exit_code == 0, result.output
    return dict(re.findall(r"^(\S.{0,18}?) {2,}(.*)$", result.output, re.MULTILINE))


@pytest.mark.parametrize("peers", ["random", "discovered"])
def test_a_network_is_told_in_figures_and_drawn(tmp_path, peers):
    drawing = tmp_path / "net.svg"
    told = shown(tmp_path, peers, "-o", str(drawing), "--after", "10m")
    assert told["nodes"] == "12"
    assert told["not reachable"] == "50.0%"
    # All are to the six that can be dialled. Who finds its peers does not dial whom it is connected with already.
    outgoing, incoming = (float(told[key].split()[1].rstrip(",")) for key in ("outgoing", "incoming, reachable"))
    assert incoming == pytest.approx(2 * outgoing, abs=0.02)
    assert outgoing == 3 if peers == "random" else 2 < outgoing <= 3
    assert told["parts"] == "1"
    assert {"15.5", "89.5"} >= set(re.findall(r"least ([\d.]+)|most ([\d.]+)$", told["latency (ms)"])[0]) - {""}
    assert ("connections lasted" in told) == (peers == "discovered")
    assert drawing.read_text().count("<circle") == 12 + 3
    assert drawing.read_text().endswith("</svg>\n")


def test_a_duration_that_is_none_is_refused(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL.replace("PEERS", "random"))
    result = CliRunner().invoke(main, ["topology", str(tmp_path / "small.toml"), "--after", "long"])
    assert result.exit_code == 2
    assert "expected a duration" in result.output
