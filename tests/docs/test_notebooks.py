"""The notebooks of docs print what they show, and the site shows it."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
TUTORIALS = ("spies", "selfish-mining")


def printed(notebook):
    return [output.text for cell in notebook.cells for output in cell.get("outputs", ()) if "text" in output]


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_prints_what_it_shows(name):
    notebook = nbformat.read(ROOT / "docs" / f"{name}.ipynb", as_version=4)
    shown = printed(notebook)
    assert shown
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    assert printed(notebook) == shown
