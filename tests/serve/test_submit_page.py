"""The page on which scenarios are submitted: checked as they are typed, queued, and played."""

import pytest
from browsing import watched
from serving import served
from small_runs import NETWORK

PATIENCE = 60_000


@pytest.fixture
def submitting(browser, tmp_path):
    with (
        served(tmp_path, "--allow-runs") as (asked, token),
        watched(browser, f"{asked.address}/#token={token}", scheme="dark", width=390) as page,
    ):
        page.set_default_timeout(PATIENCE)
        page.goto(f"{asked.address}/#/submit")
        yield page, asked


def test_a_scenario_is_checked_as_it_is_typed_and_played_when_it_is_submitted(submitting):
    page, asked = submitting
    text, send = page.get_by_label("scenario"), page.get_by_text("Submit", exact=True).last
    valid = page.locator(".problems").get_by_text("valid")
    valid.wait_for()
    text.fill(NETWORK.replace("hashrate = 100", "hashrat = 100"))
    line = NETWORK.splitlines().index("hashrate = 100") + 1
    page.locator(".problems .error").get_by_text(f"line {line}:").first.wait_for()
    assert send.is_disabled()
    text.fill(NETWORK)
    valid.wait_for()
    # By the keyboard alone.
    send.focus()
    page.keyboard.press("Enter")
    done = page.locator("#queue td").get_by_text("done", exact=True)
    done.wait_for()
    assert page.locator("#waiting").inner_text() == "nobody waits"
    page.locator("#queue a").focus()
    page.keyboard.press("Enter")
    digest = asked.get("/api/status").json()["digest"]
    page.locator("#told").get_by_text(digest[:12]).wait_for()


def test_who_waits_sees_where(submitting):
    page, asked = submitting
    queued = [{"id": f"submitted-{number}", "state": "queued", "position": number} for number in (1, 2)]
    page.route("**/api/submissions", lambda route: route.fulfill(json=queued))
    page.locator("#queue").get_by_text("queued, number 2").wait_for()
    assert page.locator("#waiting").inner_text() == "2 waiting"
    assert asked.get("/api/submissions").json() == []
