"""The heights of nodes while their daemons write their logs, from logs of the real program."""

from itertools import pairwise
from pathlib import Path

from small_runs import NETWORK

from monerosim.build.build import build_plan
from monerosim.engines.daemon_log import BlockHad, read_daemon_log
from monerosim.engines.heights import HeightsSoFar
from monerosim.engines.readback import EPOCH_FILE
from monerosim.scenario import parse
from monerosim.units import SECOND

LOG = Path(__file__).with_name("arrivals.log")


def test_a_log_that_grows_tells_heights_as_they_come(tmp_path):
    plan = build_plan(parse(NETWORK))
    blocks = [one for one in read_daemon_log(LOG) if isinstance(one, BlockHad)]
    assert [block.height for block in blocks] == [0, 100, 101, 102, 103, 104]
    begin = blocks[0].at / SECOND
    (tmp_path / EPOCH_FILE).write_text(repr(begin))
    zero = blocks[0].at + plan.time_zero
    heights = HeightsSoFar(plan, tmp_path)
    assert set(heights(-plan.time_zero)) == {host.name for host in plan.hosts if host.node is not None}
    log = tmp_path / "hosts" / "miner" / "monerod.log"
    log.parent.mkdir(parents=True)
    data, written, found = LOG.read_bytes(), 0, []
    # As a disk would have it: in pieces that end in the middle of lines, and of what belongs to one block.
    while written < len(data):
        written += 700
        log.write_bytes(data[:written])
        found.append(heights(blocks[-1].at - zero)["miner"])
    assert found == sorted(found)
    assert set(found) == {block.height for block in blocks}


def test_a_height_counts_from_when_the_node_had_the_block(tmp_path):
    plan = build_plan(parse(NETWORK))
    blocks = [one for one in read_daemon_log(LOG) if isinstance(one, BlockHad)]
    (tmp_path / EPOCH_FILE).write_text(repr(blocks[0].at / SECOND))
    (tmp_path / "hosts" / "miner").mkdir(parents=True)
    (tmp_path / "hosts" / "miner" / "monerod.log").symlink_to(LOG)
    heights = HeightsSoFar(plan, tmp_path)
    zero = blocks[0].at + plan.time_zero
    for before, block in pairwise(blocks):
        assert heights(block.at - zero - 1)["miner"] == before.height
        assert heights(block.at - zero)["miner"] == block.height
