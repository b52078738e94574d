"""The site of the documentation: it builds without a warning, has every document, and loads nothing from elsewhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs").glob("*.ipynb")])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "docs", out]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_each_document_is_a_page_that_the_first_one_leads_to(site):
    first = (site / "index.html").read_text()
    for document in DOCUMENTS:
        assert (site / f"{document.stem}.html").exists()
        assert document.stem == "index" or f'href="{document.stem}.html"' in first


def test_a_tutorial_shows_what_it_prints(site):
    # The number is in no line of its code.
    assert "84% of the origins are found without stems" in (site / "spies.html").read_text()


def test_reading_it_loads_nothing_from_elsewhere(site):
    loading = re.compile(r"""<(?:script|link|img|iframe|source)\b[^>]*?(?:src|href)=["'](?:https?:)?//[^>]*>""")
    for page in site.glob("*.html"):
        found = [tag for tag in loading.findall(page.read_text()) if 'rel="canonical"' not in tag]
        assert found == [], page.name
    imported = re.compile(r"""(?:@import|url\()\s*["']?(?:https?:)?//""")
    assert [file.name for file in site.rglob("*.css") if imported.search(file.read_text())] == []
