"""The replay on a report's page: at each instant the nodes that are lit are those of the sightings."""

import json
import re

import pytest
from browsing import watched
from small_runs import play

from monerosim.report.replay import replay_of
from monerosim.results.report import PAGE, write_report

SCENARIO = """
[simulation]
name = "forks"
duration = "20m"
seed = 3

[consensus]
block_time = "10s"

[network]
latency = "1500ms"

[record]
stems = "all"

[participants.pool]
kind = "mining-pool"
count = 3
hashrate = 30

[participants.block-controller]
kind = "block-controller"

[participants.user]
kind = "regular-user"
count = 6
wallet = { initial_balance = "20 XMR" }
transaction_frequency = 0.5
"""
MILLISECOND = 1000


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    run = play(SCENARIO, tmp_path_factory.mktemp("replay") / "run")
    write_report([run], run.directory / PAGE)
    return run


def show(page, t):
    """Move the replay to a time in milliseconds."""
    page.locator("#replay-item").evaluate("(it, t) => { it.value = t; it.dispatchEvent(new Event('input')) }", t)


def lit(page, kinds=".has"):
    return {node.get_attribute("data-name") for node in page.locator(f".replay .node{kinds}").all()}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_nodes_that_are_lit_are_those_of_the_sightings(forked, browser, scheme, width):
    sightings = {
        "block": forked.query("select hash as item, node, t_us from block_sightings").to_pylist(),
        "transaction": forked.query("select txid as item, node, t_us from tx_sightings").to_pylist(),
    }
    stems = forked.query("select txid, node, since_us from stems").to_pylist()
    with watched(browser, (forked.directory / PAGE).as_uri(), scheme=scheme, width=width) as page:
        kinds = set()
        for _ in range(8):
            first, end = (int(page.locator("#replay-item").get_attribute(it)) for it in ("min", "max"))
            short = re.search(r"\(([0-9a-f]{8})\)", page.locator(".told").inner_text())[1]
            kind = "block" if page.locator(".told").inner_text().startswith("Block") else "transaction"
            kinds.add(kind)
            seen = {row["node"]: row["t_us"] for row in sightings[kind] if row["item"].startswith(short)}
            assert len(seen) == 9
            for t in (first - 1, first, (first + end) // 2, end - 1, end):
                show(page, max(first, t))
                at = max(first, t) * MILLISECOND
                assert lit(page) == {node for node, when in seen.items() if when <= at}
                way = {row["node"] for row in stems if row["txid"].startswith(short) and row["since_us"] <= at}
                assert lit(page, ".stem") == way
                count = len([None for when in seen.values() if when <= at])
                told = page.locator(".told").inner_text()
                assert f"all {count} nodes" in told or f"{count} of 9 nodes" in told or f"{count} node" in told
            page.locator(".replay .next").click()
        assert len(kinds) == 2


def test_forks_open_and_close_as_the_reorganisations_say(forked, browser):
    data = replay_of(forked.plan, forked.events(), 100)
    forks = forked.query("select stale, t_us from forks where t_us > 0 order by t_us").to_pylist()
    assert len(forks) > 2
    changed = forked.query("select node, t_us, new from reorganisations order by t_us").to_pylist()
    last = max(block.first + max(block.after) for block in data.items if block.kind == "block")
    with watched(browser, (forked.directory / PAGE).as_uri()) as page:
        tips = """t => { const player = window.replay; return [...player.chain.tips(t, player.data.nodes.length)]
            .flatMap(([tip, nodes]) => nodes.map(node => [player.data.nodes[node].name, tip.id])) }"""
        for one in changed[:: max(1, len(changed) // 8)]:
            at = -(-one["t_us"] // MILLISECOND)
            assert dict(page.evaluate(tips, at))[one["node"]] == one["new"]
        told = []
        for fork in forks:
            page.evaluate("t => window.replay.moveTo(t)", -(-fork["t_us"] // MILLISECOND) + 1)
            told.append(page.locator(".told").inner_text())
        assert any("A fork is open" in text for text in told)
        page.evaluate("t => window.replay.moveTo(t)", last)
        assert lit(page, ".branch") == set()


def test_it_plays_and_obeys_keys(forked, browser):
    with watched(browser, (forked.directory / PAGE).as_uri()) as page:
        player = page.locator(".replay")
        player.focus()
        before = int(player.get_attribute("data-t"))
        page.keyboard.press("ArrowRight")
        assert int(player.get_attribute("data-t")) > before
        page.keyboard.press("n")
        following = int(player.get_attribute("data-t"))
        page.locator(".controls select").select_option("1")
        page.locator(".controls .transaction").uncheck()
        player.focus()
        page.keyboard.press(" ")
        page.wait_for_function("before => Number(document.querySelector('.replay').dataset.t) > before", arg=following)
        page.wait_for_function("() => document.querySelector('.told').textContent.startsWith('Block')")
        page.keyboard.press(" ")
        assert page.locator(".controls .play").inner_text() == "Play"


def test_what_cannot_be_replayed_says_why(tmp_path):
    run = play(SCENARIO, tmp_path / "run", "record.spreads=quantiles", "simulation.duration=2m")
    write_report([run], tmp_path / PAGE)
    (text,) = re.findall(r'id="replay-data">(.*?)</script>', (tmp_path / PAGE).read_text())
    assert "record.spreads" in json.loads(text)["absent"]
    assert "9 nodes" in replay_of(run.plan, run.events(), 8).absent
