"""Write what studies print into their pages.

    python tools/study_tables.py -o DIRECTORY [NAME...] [--jobs N]

A block of `docs/studies` that begins with `$ monerosim study NAME` and its options gets what this command prints, of
all studies or of those named; its drawing replaces `docs/images/study-NAME.svg`, if that is there. DIRECTORY keeps what
was played, so that it goes on where it was interrupted. To have a study at another size, change the command on its page
first.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from monerosim.cli.commands.study import FIGURE
from monerosim.cli.exits import REFUSED

PAGES = Path(__file__).parents[1] / "docs" / "studies"
BLOCK = re.compile(r"^```\n\$ monerosim study (?P<words>[^\n]+)\n(?P<printed>.*?)^```$", re.MULTILINE | re.DOTALL)


def printed(words: list[str], folder: Path, jobs: int) -> str:
    """Return what a study prints, without the files that it has written.

    Raises:
        subprocess.CalledProcessError: It could not be played; being refused is an answer.
    """
    command = ["monerosim", "study", *words, "--quiet", "--jobs", str(jobs), "--output", str(folder)]
    done = subprocess.run(
        [sys.executable, "-c", "from monerosim.cli import main; main()", *command[1:]],
        # As wide as in a file, whatever the terminal.
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode not in (0, REFUSED):
        raise subprocess.CalledProcessError(done.returncode, command)
    lines = [line.rstrip() for line in done.stdout.splitlines() if not line.startswith(str(folder))]
    return "".join(f"{line}\n" for line in lines)


def write(page: Path, names: list[str], directory: Path, jobs: int) -> None:
    """Write the tables of the studies that are named, of all if none is, into a page."""

    def replaced(block: re.Match[str]) -> str:
        words = shlex.split(block["words"])
        if names and words[0] not in names:
            return block[0]
        text = printed(words, directory / words[0], jobs)
        drawing = page.parents[1] / "images" / f"study-{words[0]}.svg"
        if drawing.exists():
            shutil.copyfile(directory / words[0] / FIGURE, drawing)
        return f"```\n$ monerosim study {block['words']}\n{text}```"

    page.write_text(BLOCK.sub(replaced, page.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> int:
    """Write the tables of all pages; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="studies; all, if left out")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="DIRECTORY", help="where they are played")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many runs at once")
    asked = parser.parse_args()
    for page in sorted(PAGES.glob("*.md")):
        write(page, asked.names, asked.output, asked.jobs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
