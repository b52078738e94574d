"""The pages in a browser: what is drawn is what the events say, while a run is played and at its end."""

from browsing import watched
from paused_run import PATIENCE, PHONE, opened

from monerosim import Run
from monerosim.control import Request, read_state, read_steering, write_request
from monerosim.report.figures import all_charts


def count(events, kind, **fields):
    return len(
        [
            None
            for event in events
            if event["data"]["event"] == kind and event["t"] >= 0 and fields.items() <= event["data"].items()
        ]
    )


def check_run(page, events):
    """Check that a run's page shows what its events say."""
    told = "n => document.querySelector('[data-tile=events]')?.textContent === n"
    page.wait_for_function(told, arg=f"{len(events):,}", timeout=PATIENCE)
    page.wait_for_function("t => document.querySelector('#feed td')?.textContent === t", arg=clock(events[-1]["t"]))
    tiles = {
        name: page.locator(f"[data-tile='{name}']").inner_text() for name in ("height", "payments sent", "confirmed")
    }
    blocks = {event["data"]["hash"]: event["data"] for event in events if event["data"]["event"] == "block-contents"}
    tip = max(blocks.values(), key=lambda block: block["cumulative_difficulty"])
    sent, confirmed = count(events, "payment-sent"), count(events, "payment-confirmed")
    assert tiles == {
        "height": f"{max(block['height'] for block in blocks.values()):,}",
        "payments sent": f"{sent:,}",
        "confirmed": f"{confirmed:,}",
    }
    skipped = sum(event["data"]["payments"] for event in events if event["data"]["event"] == "payment-skipped")
    expected = {
        "came due": sent + skipped + count(events, "payment-failed", txid=""),
        "sent": sent,
        "mined": count(events, "payment-mined"),
        "confirmed": confirmed,
    }
    if sent:
        shown = page.locator("figure.chart").first
        assert {name: shown.locator(f"[data-series='{name}']").inner_text() for name in expected} == {
            name: f"{value:,}" for name, value in expected.items()
        }
    assert {
        (it.get_attribute("data-about"), it.get_attribute("data-item")) for it in page.locator("#alerts .error").all()
    } == set(found_by_alerts(events)[:10])
    main = set()
    at = tip
    while at is not None:
        main.add(at["hash"])
        at = blocks.get(at["previous"])
    newest = {hash_ for hash_, block in blocks.items() if block["height"] > tip["height"] - 9}
    drawn = {it.get_attribute("data-hash"): it.get_attribute("class") for it in page.locator(".chain rect").all()}
    assert drawn == {hash_: f"block {'main' if hash_ in main else 'branch'}" for hash_ in newest}
    assert f"{len(blocks) - len(main):,} of them off" in page.locator("#stale").inner_text()
    pools = {e["participant"]: e["data"]["transactions"] for e in events if e["data"]["event"] == "txpool-recorded"}
    shown = page.locator("[data-series=transactions]").inner_text()
    assert shown == f"{round(sum(pools.values()) / len(pools), 1):g}"


def found_by_alerts(events):
    """What alerts find at present, the oldest first."""
    found = []
    for it in events:
        about = it["participant"], it["data"].get("item")
        if it["data"]["event"] == "alert-raised":
            found.append(about)
        elif it["data"]["event"] == "alert-cleared":
            found.remove(about)
    return found


def clock(t):
    seconds = abs(t) // 10**6
    return f"{'-' if t < 0 else ''}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def check_charts(browser, live):
    """See that the charts are of what has been played."""
    with opened(browser, live, "charts", **PHONE) as page:
        page.locator("[data-chart=confirmation] .n:not(:empty)").wait_for(timeout=PATIENCE)
        sent = [it for it in live.events() if it["data"]["event"] == "payment-sent" and it["participant"] != "funder"]
        assert page.locator("[data-chart=confirmation] .n").inner_text() == f"n = {len(sent):,} payments"
        confirmed = count(live.events(), "payment-confirmed")
        assert page.locator("[data-chart=confirmation] svg").count() == bool(confirmed)
        assert page.locator("figure[data-chart]").count() == len(all_charts())


def check_participant(page, live, name):
    """See that a participant's page has its newest traces."""
    page.locator("[data-actor=regular-user]").wait_for()
    lines = [line.text for line in Run(live.run).traces(participants=(name,))][-100:]
    assert page.locator("#traces td:last-child").all_inner_texts() == lines[::-1]


def check_timeline(browser, live):
    """See that the timeline has what was planned, what came from outside, and what was done."""
    with opened(browser, live, "timeline", **PHONE) as page:
        page.locator("#timeline td").first.wait_for()
        rows = [row.locator("td").all_inner_texts() for row in page.locator("#timeline tbody tr").all()]
        kept = read_steering(live.run)
        assert [row[1:4] for row in rows if row[2] == "from outside"] == [
            [it.who, "from outside", f"{it.do} {it.actor}".strip()] for it in kept
        ]
        assert ["0:02:00", "user-003", "planned", "pause"] in [row[:4] for row in rows]
        executed = [it for it in live.events() if it["data"]["event"] == "command-executed"]
        assert len([row for row in rows if row[2] == "command-executed"]) == len(executed)
        assert page.locator(".mark").count() == len(rows)


def check_network(browser, live):
    """See that the nodes that are lit are those that had the block or payment by then."""
    nodes = [host.name for host in Run(live.run).plan.hosts if host.node is not None]
    spreads = {
        it["data"].get("hash", it["data"].get("txid")): it["data"] for it in live.events() if "delays" in it["data"]
    }
    with opened(browser, live, "network", **PHONE) as page:
        page.locator(".replay .node").first.wait_for()
        assert page.locator(".replay .node").count() == len(nodes)
        so_far = "" if read_state(live.run).over else " so far"
        assert page.locator("#so-far").inner_text() == f"{len(spreads)} blocks and payments{so_far}"
        for part in (0.5, 0.8, 1):
            t = round(part * 60_000)
            page.locator("#replay-run").evaluate("(it, t) => { it.value = t; it.dispatchEvent(new Event('input')) }", t)
            short = page.locator(".told").inner_text().partition("(")[2][:8]
            data = next(data for item, data in spreads.items() if item.startswith(short))
            had = {
                node for node, late in zip(nodes, data["delays"], strict=True) if 0 <= late <= t * 1000 - data["first"]
            }
            assert {node.get_attribute("data-name") for node in page.locator(".replay .node.has").all()} == had


def check_other_pages(browser, live):
    """See that each page but the run's own shows what the events say, at the instant where the run stands."""
    check_charts(browser, live)
    check_timeline(browser, live)
    check_network(browser, live)
    with opened(browser, live, "participants", **PHONE) as page:
        page.get_by_text("user-002").click()
        check_participant(page, live, "user-002")


def test_a_run_in_progress_and_at_its_end(browser, live):
    with opened(browser, live, "live", meant=("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED", "422")) as page:
        check_run(page, live.events())
        assert "0:01:00 of" in page.locator("#told").inner_text()
        check_other_pages(browser, live)
        page.locator("#until").fill("4m")
        page.get_by_text("Play until").click()
        live.stand_at(4)
        check_run(page, live.events())
        check_other_pages(browser, live)
        page.reload()
        check_run(page, live.events())
        live.server.close()
        live.ask("until", time="7m")
        live.stand_at(7)
        page.wait_for_function("() => document.querySelector('#notice').textContent.includes('does not answer')")
        live.start_server()
        check_run(page, live.events())
        check_other_pages(browser, live)
        page.wait_for_function("() => document.querySelector('#pause').textContent === 'Resume'")
        before = read_state(live.run)
        page.evaluate("t => sessionStorage.setItem('monerosim-token', t)", live.token)
        page.get_by_text("Step: block").click()
        page.wait_for_function(
            "h => document.querySelector('[data-tile=height]').textContent > h", arg=str(before.height)
        )
        kinds = page.locator("#feed td:nth-child(4)")
        blocks = [it for it in live.events() if "block-" in it["data"]["event"] and "pool" in it["participant"]]
        page.locator("#kind").fill("block-")
        page.locator("#who").fill("pool")
        told = "n => document.querySelector('#fitting').textContent === `${n} in all`"
        page.wait_for_function(told, arg=len(blocks))
        newest = [it["data"]["event"] for it in blocks[::-1]]
        assert kinds.all_inner_texts() == newest[:100]
        page.get_by_text("Show older").click()
        assert kinds.all_inner_texts() == newest[:200]
        page.locator("#who").fill("")
        page.locator("#kind").fill("")
        page.wait_for_function("() => document.querySelector('#fitting').textContent === ''")
        page.locator("#until").fill("1m")
        page.get_by_text("Play until").click()
        page.wait_for_function("() => document.querySelector('#notice').textContent.includes('already')")


def test_participants_and_a_command_to_one(browser, live):
    names = [host.name for host in Run(live.run).plan.hosts]
    with opened(browser, live, "participants", **PHONE) as page:
        shown = page.locator("#participants td:first-child")
        shown.first.wait_for()
        assert shown.all_inner_texts() == names
        page.locator("#search").fill("user-00")
        assert shown.all_inner_texts() == [name for name in names if name.startswith("user-00")]
        page.get_by_text("user-002").click()
        check_participant(page, live, "user-002")
        part = page.locator("[data-actor=regular-user]")
        part.locator("input").fill('{"transaction_frequency": 0.9}')
        before = len(read_steering(live.run))
        part.get_by_text("set", exact=True).click()
        live.ask("step", by="minute")
        page.wait_for_function(
            "() => document.querySelector('.part output').textContent.includes('done: regular-user')"
        )
        assert [(it.who, it.do) for it in read_steering(live.run)[before:]] == [("user-002", "set")]
    check_timeline(browser, live)


def test_a_run_at_its_end_and_its_report(browser, live):
    with opened(browser, live, "live") as page:
        page.locator("#told").wait_for()
        write_request(live.run, Request("resume"))
        live.player.join()
        page.wait_for_function("() => document.querySelector('#told').textContent.includes('done')", timeout=PATIENCE)
        check_run(page, live.events())
        # Payments that were sent last are never confirmed.
        assert found_by_alerts(live.events())
        assert Run(live.run).summary.digest[:12] in page.locator("#told").inner_text()
        assert page.locator("#pause").is_disabled()
        check_other_pages(browser, live)
        page.goto(live.page())
        page.goto(f"{live.address}/#/")
        assert page.locator("tbody tr td:nth-child(2)").inner_text() == "done"
        page.goto(live.page("report"))
        report = page.frame_locator("iframe")
        report.locator(".replay .node").first.wait_for(timeout=PATIENCE)
        assert report.locator(".drawing svg").count() >= 8


def test_without_the_token_nothing_can_be_told(browser, live):
    with watched(browser, live.page("live"), **PHONE) as page:
        page.locator("#told").wait_for()
        page.wait_for_function("() => document.querySelector('#told').textContent.includes(' of ')")
        assert page.locator("#pause").is_disabled()
        assert page.locator("#why").inner_text() != ""
        page.goto(live.page("participants/user-001"))
        page.locator("[data-actor=regular-user] button").first.wait_for()
        assert page.locator("[data-actor=regular-user] button:enabled").count() == 0
