"""Run the tutorials of docs anew, and keep what they print: ``python tools/notebooks.py [NAME ...]``."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = ("spies", "selfish-mining", "flood")


def main() -> None:
    """Run those that the command line names, or all."""
    for name in sys.argv[1:] or TUTORIALS:
        path = ROOT / "docs" / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(ROOT)}}).execute()
        for cell in notebook.cells:
            # When each cell was run.
            cell.metadata.pop("execution", None)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
