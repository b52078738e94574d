"""Each command of monerosim that a document shows is run, in the order of its page, in a folder of the page's own.

Shown are lines of code blocks, and commands within sentences and tables. The folder has what a reader has: the
checkout's scenarios, files of their own (``GIVEN``), and a run of the scenario that `monerosim new` writes. What stands
for something else is replaced (``STANDS_FOR``). What takes minutes is made small (``SMALLER``): what is played lasts
twenty minutes, with two seeds. What is not run is in ``NOT_RUN`` with the reason.
"""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from monerosim.cli import main
from monerosim.cli.exits import FAILED

ROOT = Path(__file__).parents[2]
GENERATED = {"commands.md", "reference.md"}
PAGES = [
    page
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    if page.name not in GENERATED and re.search(r"(`|^    )monerosim ", page.read_text(), re.MULTILINE)
]
SMALL = "simulation.duration=20m"
SMALLER = {
    "run": ("--set", SMALL, "--speed", "max", "--no-report"),
    "sweep": ("--set", SMALL, "--seeds", "1..2", "--jobs", "1"),
    "topology": ("--set", "participants.user.count=100"),
}
NOT_RUN = {
    "--engine local": "it takes real programs, and real time",
    "--engine shadow": "it takes Shadow",
    "--probe": "it takes Shadow",
    "report run": "what Shadow has played",
    "--dask": "it takes a cluster; tests/ensemble has one",
    "--allow-programs": "it starts programs of the reader's own",
    "search": "it takes many seeds to tell anything; tests/ensemble searches",
    "--replay": "it takes a steered run; tests/control replays some",
    "--serve": "it serves until Ctrl-C; tests/serve serves runs",
    "serve": "it serves until Ctrl-C; tests/serve serves runs",
    "model": "it serves until Ctrl-C; tests/cli/test_model.py calls it",
    r"study \S+": "minutes of CPU; tests/studies plays each in small",
    "swarm": "minutes of CPU; tests/swarm calls it",
    "plugins watcher": "it takes an installed package; tests/plugins has one",
    "--xmrpeers": "it takes a run with relays recorded; tests/results exports one",
    "trace RUN -a engine": "only engines with real programs leave traces of their own",
    "build --force": "part of a command",
}
STANDS_FOR = {
    "RUN": "given",
    "A": "given",
    "B": "given",
    "runs/quickstart": "given",
    "sweeps/a": "sweeps/latency",
    "sweeps/b": "sweeps/latency",
    "SCENARIO": "my.toml",
    "NAME": "embedded",
    "FILE": "file",
    "DIR": "directory",
    "SQL": "select 1",
}
THEIRS = """
general: {stop_time: 6h}
agents:
  miner: {daemon: monerod, wallet: monero-wallet-rpc, script: agents.autonomous_miner, hashrate: 100, start_time: 0s}
  user-{1..3}: {daemon: monerod, wallet: monero-wallet-rpc, script: agents.regular_user, start_time: 1h}
"""


def commands(page):
    """Return the commands of a page as words, in their order."""
    shown = re.finditer(
        r"^```(?P<language>\w*)\n(?P<fenced>.*?)^```|(?P<block>(?:^    [^\n]*\n)+)|`(?P<within>monerosim [^`]+)`",
        page.read_text(),
        re.MULTILINE | re.DOTALL,
    )
    for found in shown:
        text = found["within"] or found["block"] or (found["fenced"] if found["language"] == "bash" else "")
        for line in whole_lines(text):
            words = shlex.split(line, comments=True)
            # A command alone, within a sentence, is only its name.
            if words[:1] == ["monerosim"] and not (found["within"] and len(words) == 2):
                yield words[1:]


def whole_lines(block):
    """Yield the lines of a block; those that end with a backslash, or within quotes, go on in the next."""
    line = ""
    for part in block.splitlines():
        line += part
        try:
            shlex.split(line, comments=True)
        except ValueError:
            line = line.removesuffix("\\")
            continue
        yield line
        line = ""


def reason_not_to_run(words):
    shown = " ".join(words)
    return next((NOT_RUN[part] for part in NOT_RUN if re.search(rf"(^|\s){part}(\s|$)", shown)), None)


def call(*words):
    result = CliRunner().invoke(main, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A folder with what readers have."""
    folder = tmp_path_factory.mktemp("given")
    (folder / "scenarios").symlink_to(ROOT / "scenarios")
    (folder / "theirs.scenario.yaml").write_text(THEIRS)
    shutil.copy(ROOT / "tests" / "importers" / "old" / "architecture-v2.yaml", folder / "old_config.yaml")
    assert call("new-actor", "my-actor", str(folder)).exit_code == 0
    (folder / "my_actor.py").rename(folder / "mine.py")
    for name in ("my.toml", "scenario.toml", "network.toml", "base.toml"):
        assert call("new", str(folder / name)).exit_code == 0
    with (folder / "base.toml").open("a") as base:
        base.write('[rules]\nuse = { kind = "publish-or-perish", k = 3 }\n')
    assert (
        call(
            "run", "-q", str(folder / "my.toml"), "-o", str(folder / "given"), "--set", "simulation.duration=2h"
        ).exit_code
        == 0
    )
    return folder


def txid(folder):
    """Return the hash of a transaction of a run."""
    return re.search(r'"txid":"([0-9a-f]{64})"', (folder / "events.jsonl").read_text())[1]


def small(words):
    """Return a command as it is run here."""
    words = [STANDS_FOR.get(word, word) for word in words if not word.startswith("[")]
    words = words[: words.index(">>")] if ">>" in words else words
    words = [txid(Path(words[1]))[:8] if word in ("TXID", "ID") else word for word in words]
    return [*words, *SMALLER.get(words[0], ())]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_have_their_options(page):
    for words in commands(page):
        shown = call(words[0], "--help")
        assert shown.exit_code == 0, words
        for option in (word for word in words if word.startswith("-")):
            assert re.search(rf"(?<![\w-]){re.escape(option)}\b", shown.output), words


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_work_in_the_order_of_their_page(page, given, tmp_path, monkeypatch):
    shutil.copytree(given, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    shown = [words for words in commands(page) if not reason_not_to_run(words)]
    if ["new", "my.toml"] in shown:
        (tmp_path / "my.toml").unlink()
    if ["run", "my.toml"] not in shown:
        shutil.copytree("given", "runs/my-scenario")
    for words in shown:
        done = call(*small(words))
        # What a machine lacks, doctor says.
        assert done.exit_code == 0 or (words[0] == "doctor" and done.exit_code == FAILED), (words, done.output)


def test_each_reason_not_to_run_a_command_is_needed():
    reasons = [reason_not_to_run(words) for page in PAGES for words in commands(page)]
    assert [part for part, reason in NOT_RUN.items() if reason not in reasons] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tools_are_there_with_their_options(page):
    for tool, options in re.findall(r"`python (tools/\w+\.py)([^`]*)`", page.read_text()):
        text = (ROOT / tool).read_text()
        assert [it for it in options.split() if it.startswith("-") and f'"{it}"' not in text] == [], tool
