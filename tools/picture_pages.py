"""Take pictures of the pages of `monerosim serve` for docs/live.md.

    python tools/picture_pages.py [FOLDER]

Plays 40 minutes of scenarios/quickstart.toml, standing still in the middle, and has Debian's chromium show each page;
FOLDER is docs/images if left out.
"""

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.control import Request, open_control, read_state, write_request
from monerosim.runs import play
from monerosim.scenario import load

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "scenarios" / "quickstart.toml"
HALF = "20m"
SIZE = (1000, 760)
PATIENCE = 300_000
"""Milliseconds; a busy machine takes long to draw a report."""

CHANGES = ("simulation.duration=40m", 'record.stems="all"')
PAGES = {
    "live": ".chart path",
    "charts": ".drawing svg",
    "participants": "td",
    "participants/user-001": ".part",
    "network": ".replay .node",
    "timeline": "td",
}
"""The pages of a run, and what each is complete with."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Start the server, and yield the address that it prints."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "monerosim.cli", "serve", str(folder), "--port", port]
    command += ["--allow-commands", "--allow-runs"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None:
            raise RuntimeError("the server has no output")
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait()


def picture(page: Page, address: str, name: str, ready: str, folder: Path) -> None:
    """Take the picture of a page."""
    page.goto(f"{address.partition('#')[0]}#/{name}")
    page.locator(ready).first.wait_for()
    if ready == "iframe":
        page.frame_locator(ready).locator("h1").wait_for()
    if ready == ".replay .node":
        slider = page.locator("#replay-item")
        slider.evaluate(
            "it => { it.value = (Number(it.min) + Number(it.max)) / 2; it.dispatchEvent(new Event('input')) }"
        )
    page.wait_for_timeout(1500)
    word = name.rstrip("/").rpartition("run/quickstart/")[2].replace("/", "-") or "runs"
    page.screenshot(path=folder / f"page-{word}.jpg", type="jpeg", quality=70)
    print(folder / f"page-{word}.jpg")


def main() -> None:
    """Play, and take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "images")
    folder: Path = parser.parse_args().folder
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        run = Path(home) / "quickstart"
        write_run_directory(build_plan(load(SCENARIO, changes=CHANGES), SCENARIO.parent), SCENARIO.read_bytes(), run)
        open_control(run)
        write_request(run, Request("until", arguments={"time": HALF}))
        player = threading.Thread(target=play, args=(run,))
        player.start()
        while not ((state := read_state(run)) and state.paused):
            time.sleep(0.1)
        write_request(run, Request("pause", "user-007"))
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = chromium.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        page.set_default_timeout(PATIENCE)
        with serving(Path(home)) as address:
            page.goto(address)
            for name, ready in PAGES.items():
                picture(page, address, f"run/quickstart/{name}", ready, folder)
            write_request(run, Request("resume"))
            player.join()
            picture(page, address, "", "td", folder)
            picture(page, address, "submit", ".problems li", folder)
            picture(page, address, "run/quickstart/report", "iframe", folder)
        chromium.close()


if __name__ == "__main__":
    main()
