"""Run the tutorials of docs anew, and keep what they print.

    python tools/notebooks.py [NAME ...]

The tutorials are docs/*.ipynb.
"""

import argparse
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
TUTORIALS = ("spies", "selfish-mining", "flood")


def main() -> None:
    """Run those that the command line names, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"all if left out: {', '.join(TUTORIALS)}")
    names: list[str] = parser.parse_args().names
    if unknown := sorted({*names} - {*TUTORIALS}):
        parser.error(f"no such tutorial: {', '.join(unknown)}")
    for name in names or TUTORIALS:
        path = ROOT / "docs" / f"{name}.ipynb"
        notebook = nbformat.read(path, as_version=4)
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(ROOT)}}).execute()
        for cell in notebook.cells:
            # When each cell was run.
            cell.metadata.pop("execution", None)
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
