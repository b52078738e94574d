"""Where commands print their tables."""

import os

from rich.console import Console

_WIDTH_OF_FILES = 160
"""Characters a line where nobody looks on: tables are for `grep` then, and not to be folded."""


def make_console(*, stderr: bool = False) -> Console:
    """Make a console: as wide as the terminal or ``COLUMNS``, or wide enough for any table where there is neither."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDTH_OF_FILES
    return console
