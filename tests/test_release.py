"""The check before a release: versions that differ are named."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def check(root):
    command = [sys.executable, ROOT / "tools" / "release.py", root]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.0"\n')
    (tmp_path / "CITATION.cff").write_text("title: x\nversion: 1.2.0\n")
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.2.0 - 2026-12-01\n")
    return tmp_path


def test_equal_versions_can_be_released(checkout):
    assert (check(checkout).returncode, check(checkout).stdout) == (0, "The version can be released.\n")


@pytest.mark.parametrize(
    ("file", "before", "after", "told"),
    [
        ("CITATION.cff", "1.2.0", "1.1.0", "CITATION.cff: the version is 1.1.0, in pyproject.toml 1.2.0"),
        ("CITATION.cff", "version: 1.2.0", "", "CITATION.cff: the version is missing, in pyproject.toml 1.2.0"),
        ("CHANGELOG.md", "1.2.0", "1.1.0", "CHANGELOG.md: the newest version is 1.1.0, in pyproject.toml 1.2.0"),
        ("CHANGELOG.md", " - 2026-12-01", "", "CHANGELOG.md: expected a heading such as"),
        ("CHANGELOG.md", "1.2.0 - 2026-12-01", "Unreleased", 'CHANGELOG.md: "Unreleased" is to be named'),
        ("CHANGELOG.md", "## ", "", "CHANGELOG.md: there is no heading"),
    ],
)
def test_what_differs_is_named(checkout, file, before, after, told):
    path = checkout / file
    path.write_text(path.read_text().replace(before, after))
    done = check(checkout)
    assert done.returncode == 1
    assert done.stdout.startswith(told)


def test_here_only_the_heading_of_the_changelog_may_be_in_the_way():
    told = check(ROOT).stdout.splitlines()
    assert len(told) == 1
    assert "can be released" in told[0] or '"Unreleased"' in told[0]


def test_the_citation_names_a_title_and_authors():
    text = (ROOT / "CITATION.cff").read_text()
    for key in ("cff-version", "message", "title", "authors", "version"):
        assert re.search(rf"^{key}:", text, re.MULTILINE)
