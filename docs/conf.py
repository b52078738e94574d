"""How Sphinx makes the documentation's site: ``make docs``. What is read loads nothing from elsewhere."""

import json
from importlib.metadata import version as version_of

from sphinx.application import Sphinx

project = "monerosim"
author = "The monerosim developers"
version = release = version_of("monerosim")
extensions = ["myst_parser"]
source_suffix = {".md": "markdown", ".ipynb": "markdown"}
html_theme = "furo"
html_title = f"monerosim {release}"
html_show_sphinx = False
html_copy_source = False
myst_heading_anchors = 4
# Examples of other tools' files, and of lines of commands, are in no language that is highlighted.
highlight_language = "none"


def _as_markdown(app: Sphinx, docname: str, source: list[str]) -> None:
    """Show a notebook as a page: its texts, its code, and what that has printed."""
    if not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    parts = []
    for cell in json.loads(source[0])["cells"]:
        text = "".join(cell["source"])
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
        printed = "".join("".join(output.get("text", ())) for output in cell.get("outputs", ()))
        parts += [f"```\n{printed}```"] if printed else []
    source[0] = "\n\n".join(parts)


def setup(app: Sphinx) -> None:
    """Have Sphinx read notebooks."""
    app.connect("source-read", _as_markdown)
