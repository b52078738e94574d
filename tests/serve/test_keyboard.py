"""Every page by the keyboard alone: each control is reached and seen, nothing traps it, and it does what it says."""

import pytest
from browsing import watched
from keyboard import use, walk
from paused_run import PATIENCE, PHONE, opened

from monerosim.control import Request, read_state, write_request

PAGES = {
    "live": "#feed td",
    "charts": "[data-chart=confirmation] .n:not(:empty)",
    "participants": "#participants td",
    "participants/user-001": ".part button",
    "network": ".replay .node",
    "timeline": "#timeline td",
}
"""The pages of a run, and what each is complete with."""


@pytest.mark.parametrize("name", PAGES)
def test_tab_goes_through_a_page_and_back(browser, live, name):
    with opened(browser, live, name, **PHONE) as page:
        page.locator(PAGES[name]).first.wait_for(timeout=PATIENCE)
        walk(page)


@pytest.mark.parametrize(("name", "complete"), [("", "tbody a"), ("submit", ".problems li")])
def test_tab_goes_through_a_page_of_all_runs_and_back(browser, live, name, complete):
    with watched(browser, live.page(token=True), **PHONE) as page:
        page.goto(f"{live.address}/#/{name}")
        page.locator(complete).first.wait_for(timeout=PATIENCE)
        walk(page)


def test_the_clock_of_a_run_is_told_by_keys(browser, live):
    with watched(browser, live.page(token=True)) as page:
        page.set_default_timeout(PATIENCE)
        use(page, "tbody a", "Enter")
        page.locator("#pause").get_by_text("Resume").wait_for()
        # What was chosen has the focus, so the keys go on in it.
        assert page.evaluate("document.activeElement.id") == "page"
        use(page, "#speed", "Home")
        live.until(lambda state: state.speed == 1)
        use(page, "#pause", "Space")
        live.until(lambda state: not state.paused)
        page.locator("#pause").get_by_text("Pause").wait_for()
        page.keyboard.press("Space")
        live.until(lambda state: state.paused)
        use(page, "#speed", "End")
        live.until(lambda state: state.speed is None)
        use(page, "#until")
        page.keyboard.type("3m")
        page.keyboard.press("Enter")
        live.stand_at(3)
        use(page, "text=Step: minute", "Enter")
        live.stand_at(4)
        use(page, "#kind")
        page.keyboard.type("block-found")
        page.locator("#fitting").get_by_text("in all").wait_for()
        page.locator("#feed td").get_by_text("block-found", exact=True).first.wait_for()
        assert set(page.locator("#feed td:nth-child(4)").all_inner_texts()) == {"block-found"}


def test_a_participant_is_found_and_told_something_by_keys(browser, live):
    with opened(browser, live, "live") as page:
        page.set_default_timeout(PATIENCE)
        use(page, "#pages >> text=Participants", "Enter")
        use(page, "#search")
        page.keyboard.type("user-002")
        use(page, "#participants a", "Enter")
        part = "[data-actor=regular-user]"
        use(page, f"{part} summary", "Enter")
        assert page.locator(f"{part} pre").is_visible()
        use(page, f"{part} input")
        page.keyboard.type('{"transaction_frequency": 0.7}')
        use(page, f"{part} button >> text=set", "Space")
        page.locator(f"{part} output").get_by_text("set: ").wait_for()
        live.ask("step", by="minute")
        page.locator(f"{part} output").get_by_text("done: regular-user").wait_for()


def test_the_replay_is_played_by_keys(browser, live):
    with opened(browser, live, "network") as page:
        page.set_default_timeout(PATIENCE)
        use(page, ".play", "Space")
        page.locator(".play").get_by_text("Pause").wait_for()
        page.keyboard.press("Space")
        page.locator(".play").get_by_text("Play").wait_for()
        use(page, "input.transaction", "Space")
        assert not page.locator("input.transaction").is_checked()
        use(page, "#replay-run", "End")
        told = page.locator(".told")
        last = told.inner_text()
        assert last.startswith("Block")
        page.keyboard.press("Shift+Tab")
        use(page, ".replay", "p")
        assert told.inner_text() != last
        before = int(page.locator(".replay").get_attribute("data-t"))
        page.keyboard.press("ArrowRight")
        assert int(page.locator(".replay").get_attribute("data-t")) > before


def test_the_report_of_a_run_that_has_ended(browser, live):
    write_request(live.run, Request("resume"))
    live.player.join()
    assert read_state(live.run).over
    with opened(browser, live, "report", **PHONE) as page:
        report = page.frame_locator("iframe")
        report.locator(".replay .node").first.wait_for(timeout=PATIENCE)
        walk(page)
        # Its own controls are reached too, within the frame.
        use(page, "iframe")
        page.keyboard.press("Tab")
        assert page.frames[1].evaluate("document.activeElement.tagName") == "A"
