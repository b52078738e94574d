"""Check that a version can be released: the same in pyproject.toml, CITATION.cff and at the top of CHANGELOG.md.

    python tools/release.py [ROOT]

Prints what is in the way, a line each, and exits with code 1 if something is. Between releases CHANGELOG.md begins with
"Unreleased", and that is all that may be in the way.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

UNRELEASED = 'CHANGELOG.md: "Unreleased" is to be named after the version, with its date'


def obstacles(root: Path) -> Iterator[str]:
    """Yield what keeps the version of a checkout from being released."""
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    cited = re.search(r"^version: (.*)$", (root / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    if cited is None or cited[1] != version:
        yield f"CITATION.cff: the version is {cited[1] if cited else 'missing'}, in pyproject.toml {version}"
    heading = re.search(r"^## (.*)$", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    if heading is None:
        yield "CHANGELOG.md: there is no heading"
    elif heading[1] == "Unreleased":
        yield UNRELEASED
    else:
        yield from _heading(heading[1], version)


def _heading(heading: str, version: str) -> Iterator[str]:
    named = re.fullmatch(r"\[?([0-9][^\] ]*)\]? - (\d{4}-\d{2}-\d{2})", heading)
    if named is None:
        yield f'CHANGELOG.md: expected a heading such as "## {version} - 2026-12-01", got "## {heading}"'
    elif named[1] != version:
        yield f"CHANGELOG.md: the newest version is {named[1]}, in pyproject.toml {version}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=Path, default=Path(__file__).parent.parent, help="of the checkout")
    found = list(obstacles(parser.parse_args().root))
    print("\n".join(found) or "The version can be released.")
    sys.exit(bool(found))
