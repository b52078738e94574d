"""The notebook of docs: a sweep with its drawing in six lines."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]


def test_a_notebook_sweeps_and_draws_in_six_lines(tmp_path):
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    notebook = nbformat.read(ROOT / "docs" / "sweep.ipynb", as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    drawing, difference = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert len([line for line in drawing.source.splitlines() if line]) <= 6
    (shown,) = drawing.outputs
    assert "<svg" in "".join(shown.data["image/svg+xml"])
    rows = shown.data["application/vnd.vegalite.v5+json"]["data"]["values"]
    assert [row["seed"] for row in rows if row["kind"] == "run"] == [*range(1, 21)] * 2
    assert "Interval(n=20" in difference.outputs[0].data["text/plain"]
