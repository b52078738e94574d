"""The tutorials of docs print what they show."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ("spies", "selfish-mining", "flood")


def printed(notebook):
    # What a cell prints may come in several pieces.
    return ["".join(output.text for output in cell.get("outputs", ())) for cell in notebook.cells]


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_prints_what_it_shows(name):
    notebook = nbformat.read(ROOT / "docs" / f"{name}.ipynb", as_version=4)
    shown = printed(notebook)
    assert any(shown)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    assert printed(notebook) == shown
