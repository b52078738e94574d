"""How Sphinx makes the documentation's site: ``make docs``. What is read loads nothing from elsewhere."""

from importlib.metadata import version as version_of

project = "monerosim"
author = "The monerosim developers"
version = release = version_of("monerosim")
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["*.ipynb"]
html_theme = "furo"
html_title = f"monerosim {release}"
html_show_sphinx = False
html_copy_source = False
myst_heading_anchors = 4
# Examples of other tools' files, and of lines of commands, are in no language that is highlighted.
highlight_language = "none"
