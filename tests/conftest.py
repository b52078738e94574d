"""What tests of several packages share."""

import importlib
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

# First, since it measures what is imported after it.
if "MONEROSIM_COVERAGE" in os.environ:
    from branch_coverage import pytest_sessionfinish  # noqa: F401  (a hook)

import pytest
from hypothesis import settings
from loguru import logger
from playwright.sync_api import sync_playwright
from small_world import SmallWorld, make_host_plan, make_plan

from monerosim.agent import registry as blocks
from monerosim.build.compat import PROOF_OF_WORK, CompatError, built_library, takes_randomx_from_library
from monerosim.runtime.threads import ThreadsRuntime
from monerosim.runtime.virtual import VirtualRuntime
from monerosim.units import SECOND

# A shell has its background processes, and all that they start, ignore SIGINT, and nohup SIGHUP, which some tests send.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes is the machine's affair.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(autouse=True, scope="session")
def _quiet():
    logger.configure(handlers=[])
    # Pages are drawn by the tests that look at them.
    os.environ["MONEROSIM_NO_REPORT"] = "1"


@pytest.fixture(scope="session")
def c_compiler():
    """The compiler for tests of what is built with one."""
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        reason = "there is no C compiler (Debian and Ubuntu: apt-get install gcc libc6-dev)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return found


@pytest.fixture(scope="session")
def _real_programs():
    """Monero's programs, for tests that start them or ask them."""
    missing = [name for name in ("monerod", "monero-wallet-rpc") if shutil.which(name) is None]
    if missing:
        reason = f"not on PATH: {', '.join(missing)} (Debian and Ubuntu: apt-get install monero)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def _no_hashes():
    """Spare the monerods that tests start from here on the hash: most of their time, and no proof at difficulty 1.

    ``tests/real/test_proof_of_work.py`` sees that nothing else changes.
    """
    monerod = shutil.which("monerod")
    with pytest.MonkeyPatch.context() as patch:
        if monerod is not None and takes_randomx_from_library(Path(monerod)):
            with suppress(CompatError):
                patch.setenv("LD_PRELOAD", str(built_library(PROOF_OF_WORK)))
        yield


@pytest.fixture(scope="module")
def browser():
    """Debian's chromium; playwright keeps an event loop, so no longer than a module."""
    chromium = shutil.which("chromium")
    if chromium is None:
        reason = "there is no chromium (Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def virtual():
    runtime = VirtualRuntime()
    yield runtime
    runtime.close()


@pytest.fixture
def threads():
    runtime = ThreadsRuntime()
    yield runtime
    runtime.close()


@pytest.fixture(params=["virtual", "threads"])
def runtime(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def make_world(tmp_path):
    worlds = []

    def make(runtime, plan=None):
        world = SmallWorld(runtime, tmp_path / f"traces-{len(worlds)}", plan or make_plan(make_host_plan("alice")))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def wait_for(runtime):
    """Let a run go on until something is so, on either runtime."""

    def wait(condition, within=10.0):
        if isinstance(runtime, VirtualRuntime):
            runtime.run(runtime.now() + round(within * SECOND))
        else:
            deadline = time.monotonic() + within
            while not condition() and time.monotonic() < deadline:
                time.sleep(0.002)
        assert condition()

    return wait


@pytest.fixture
def install_blocks(tmp_path, monkeypatch):
    """Put a package with building blocks where Python finds it, as if it had been installed."""
    names = []

    def install(name, code, entries):
        site = tmp_path / f"site-{name}"
        info = site / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (site / f"{name}.py").write_text(code)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = "".join(f"{entry} = {value}\n" for entry, value in entries.items())
        (info / "entry_points.txt").write_text(f"[{blocks.GROUP}]\n{lines}")
        monkeypatch.syspath_prepend(site)
        importlib.invalidate_caches()
        blocks.ACTORS.reload()
        names.append(name)

    yield install
    blocks.ACTORS.reload()
    for name in names:
        sys.modules.pop(name, None)
