"""The tool that writes what studies print into their pages."""

import sys
from pathlib import Path

import pytest

with pytest.MonkeyPatch.context() as patch:
    patch.setattr(sys, "path", [str(Path(__file__).parents[2] / "tools"), *sys.path])
    import study_tables as tool

FORKS = "$ monerosim study forks --size 0.01 --seeds 1..2\n"
PAGE = f"Before.\n\n```\n{FORKS}old\n```\n\nBetween.\n\n```\n$ monerosim study flood\nold\n```\n"


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "docs" / "studies" / "page.md"
    path.parent.mkdir(parents=True)
    path.write_text(PAGE)
    return path


def test_a_block_gets_what_its_command_prints_and_a_drawing_what_it_draws(page, tmp_path):
    drawing = tmp_path / "docs" / "images" / "study-forks.svg"
    drawing.parent.mkdir()
    drawing.write_text("old")
    tool.write(page, ["forks"], tmp_path / "played", 1)
    text = page.read_text()
    first, flood = text.split("\n\nBetween.\n\n")
    assert first.startswith(f"Before.\n\n```\n{FORKS}What share of the blocks goes stale?\n")
    assert "as expected: chi-square" in first.splitlines()[-2]
    assert str(tmp_path) not in first
    assert drawing.read_text().startswith("<svg")
    assert flood == "```\n$ monerosim study flood\nold\n```\n"
    tool.write(page, ["forks"], tmp_path / "played", 1)
    assert page.read_text() == text


def test_what_cannot_be_played_leaves_its_page_as_it_was(page, tmp_path):
    page.write_text(PAGE.replace("1..2", "2..1"))
    with pytest.raises(tool.subprocess.CalledProcessError):
        tool.write(page, ["forks"], tmp_path / "played", 1)
    assert page.read_text() == PAGE.replace("1..2", "2..1")
