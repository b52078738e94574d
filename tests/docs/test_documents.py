"""What documents name is there: layers, files, commands, links, and scenarios that can be checked."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from monerosim.cli import main
from monerosim.scenario import Permissions, examine
from monerosim.tables.examples import EXAMPLES

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
ALLOWED = Permissions(programs=True)
SOMEBODY = """
[participants.{name}]
count = {count}
node = {{}}
wallet = {{}}
actors = [{{ use = "mining-pool", hashrate = 1 }}, {{ use = "regular-user" }}]
"""
GUIDES = ["first-run", "own-scenario", "own-actor", "real-monero", "analysis"]


def blocks(document, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.MULTILINE | re.DOTALL)


def contract(container):
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return next(one["layers"] for one in contracts if one.get("containers") == [container])


@pytest.mark.parametrize(("container", "number"), [("monerosim", 1), ("actors", 2)])
def test_the_layers_that_are_drawn_are_those_of_the_contract(container, number):
    drawn = [line[:33].split() for line in blocks(ROOT / "docs" / "architecture.md", "")[number].splitlines()]
    assert drawn == [re.split(r" [:|] ", layer) for layer in contract(container)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_files_lead_somewhere(document):
    text = document.read_text()
    links = [target for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in target]
    assert [link for link in links if not (document.parent / link).exists()] == []
    files = re.findall(r"`((?:monerosim|actors|tests|tools|scenarios|docs)/[\w./-]+)`", text)
    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_headings_that_are_linked_are_there(document):
    for target, heading in re.findall(r"\]\(([^)#\s:]*)#([^)]+)\)", document.read_text()):
        text = (document.parent / target).read_text() if target else document.read_text()
        lines = re.findall(r"^#+ .*$", text, re.MULTILINE)
        headings = [re.sub(r"[^\w\- ]", "", line.lstrip("# ")).lower().replace(" ", "-") for line in lines]
        assert heading in headings, f"{target}#{heading}"


@pytest.mark.parametrize("guide", GUIDES)
def test_scenarios_of_the_guides_can_be_checked(guide, tmp_path):
    for text in blocks(ROOT / "docs" / f"{guide}.md", "toml"):
        if "[simulation]" in text:
            (tmp_path / "scenario.toml").write_text(text)
            checked = CliRunner().invoke(main, ["check", str(tmp_path / "scenario.toml")])
            assert checked.exit_code == 0, checked.output


def completed(text):
    """Return a part of a scenario with the participants that it names and does not show: each mines and pays."""
    text = text if "[participants." in text else f"{text}{SOMEBODY.format(name='somebody', count=1)}"
    errors = [str(error) for error in examine(text.encode(), permissions=ALLOWED).errors]
    named = {name for error in errors for name in re.findall(r'no such participant: "([a-z0-9-]+)"', error)}
    # A member's name is one of a group.
    counts = {re.sub(r"-\d+$", "", name): 9 if re.search(r"-\d+$", name) else 1 for name in sorted(named)}
    return text + "".join(SOMEBODY.format(name=name, count=count) for name, count in counts.items())


def parts_of_scenarios():
    for document in DOCUMENTS:
        # What stands in a pyproject.toml is no scenario.
        for index, text in enumerate(it for it in blocks(document, "toml") if not it.startswith("[project")):
            yield pytest.param(text, id=f"{document.stem}-{index}")


@pytest.mark.parametrize("text", list(parts_of_scenarios()))
def test_each_part_of_a_scenario_is_valid(text):
    errors = [str(error) for error in examine(completed(text).encode(), permissions=ALLOWED).errors]
    # Files of the reader's own, and what only real programs can do.
    assert [error for error in errors if "no such file: " not in error and "so no script" not in error] == []


@pytest.mark.parametrize("guide", GUIDES)
def test_programs_of_the_guides_run(guide, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdout", sys.stderr)
    CliRunner().invoke(main, ["new", "my.toml"])
    for text in blocks(ROOT / "docs" / f"{guide}.md", "python"):
        if "Behaviour" not in text:
            exec(compile(text, guide, "exec"), {})  # noqa: S102


def test_the_questions_of_the_analysis_are_those_of_the_command():
    answered = blocks(ROOT / "docs" / "analysis.md", "sql")
    assert answered == [f"{example.sql.strip()}\n" for example in EXAMPLES]


def patterns():
    """Return all texts of the program, with "..." for what is put in."""
    for file in [*(ROOT / "monerosim").rglob("*.py"), *(ROOT / "actors").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.JoinedStr):
                yield "".join(it.value if isinstance(it, ast.Constant) else "..." for it in node.values)


def test_messages_of_the_troubleshooting_are_those_of_the_program():
    rows = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    assert len(rows) > 50
    assert len(set(rows)) == len(rows)
    texts = "\n".join(patterns())
    assert [row for row in rows if row not in texts] == []


NOT_IN_THE_TROUBLESHOOTING = {
    "the plan names the peers": "a fault of monerosim",
    "... dials ..., which has no node": "a fault of monerosim",
    "the network was checked, and yet: ...": "a fault of monerosim",
    "a ... does not tell its messages": "a fault of monerosim",
    "the code of ... is missing": "a fault of monerosim",
    'the actor "..." ...': "the behaviour says the rest",
    "no such participant": "it is there with the name",
}
NOTHING_SAID = 12
"""Texts with less beside what is put in: the rest of such a message is another's."""


def text_of(node):
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [it.value if isinstance(it, ast.Constant) else "..." for it in parts]
    return "".join(texts) if all(isinstance(it, str) for it in texts) else ""


def messages(file):
    """Yield the texts of the problems and errors of a module, and those that are yielded beside a key."""
    for node in ast.walk(ast.parse(file.read_text())):
        given = []
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("Problem", "Error")):
            given = [*node.args, *(it.value for it in node.keywords if it.arg == "message")]
        elif isinstance(node, ast.Yield) and isinstance(node.value, ast.Tuple):
            given = node.value.elts[1:]
        texts = [text_of(it) for it in given if isinstance(it, ast.Constant | ast.JoinedStr)]
        yield from (text for text in texts if len(text.replace("...", "")) > NOTHING_SAID)


def test_each_message_of_the_checks_and_the_engines_is_in_the_troubleshooting():
    rows = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs" / "troubleshooting.md").read_text(), re.MULTILINE)
    packages = ("scenario", "build", "doctor", "engines")
    found = [it for name in packages for file in (ROOT / "monerosim" / name).rglob("*.py") for it in messages(file)]
    assert len(found) > 50
    assert [it for it in found if it not in NOT_IN_THE_TROUBLESHOOTING and not any(row in it for row in rows)] == []
