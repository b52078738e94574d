"""The pytest plugin as a user has it: projects with tests of their own, and those of docs/testing.md."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "testing.md"


def run(directory, *options):
    """Run the tests of a project as its author would; return the numbers of passed and failed ones, and the output."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *options]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=120)
    counts = {kind: int(number) for number, kind in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
    return counts, done.stdout + done.stderr


def programs():
    """The programs of the document, by the comment that they begin with."""
    found = re.findall(r"^```python\n# ([^\n]+)\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return dict(found)


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    return tmp_path


def test_the_documents_shop_is_caught_and_its_better_one_is_not(project):
    written = programs()
    (project / "shop.py").write_text(written["shop.py"])
    (project / "test_shop.py").write_text(written["test_shop.py"])
    counts, output = run(project)
    assert counts == {"passed": 1, "failed": 1}, output
    assert "FAILED test_shop.py::test_a_payment_that_is_gone_is_credited_no_more" in output
    assert "assert 1000000000000 == 0" in output

    old = re.search(r"    def check.*?(?=\n    @property)", written["shop.py"], re.DOTALL)[0]
    (project / "shop.py").write_text(written["shop.py"].replace(old, written["shop.py, the method check"]))
    counts, output = run(project)
    assert counts == {"passed": 2}, output


def test_the_mark_says_how_large_the_network_is(project):
    (project / "test_size.py").write_text("""
import pytest

@pytest.mark.monero(nodes=3, wallets=4, funded="2 XMR", seed=7)
def test_marked(monero, make_monero):
    assert (len(monero.nodes), len(monero.wallets)) == (3, 4)
    assert {wallet.balance for wallet in monero.wallets} == {2 * 10**12}
    other = make_monero(seed=8)
    assert (len(other.nodes), len(other.wallets)) == (1, 2)
    assert other.nodes[0].tip != monero.nodes[0].tip

def test_unmarked(monero):
    assert (len(monero.nodes), len(monero.wallets)) == (1, 2)
""")
    counts, output = run(project)
    assert counts == {"passed": 2}, output
    counts, output = run(project, "--markers")
    assert "monero(nodes=1, wallets=2" in output
    counts, output = run(project, "--monero", "testnet")
    assert "invalid choice: 'testnet'" in output


def test_the_plugin_costs_nothing_where_it_is_not_used(project):
    (project / "test_other.py").write_text("""
import sys

def test_nothing_of_monerosim_is_loaded_but_the_plugin():
    loaded = {name for name in sys.modules if name.split(".")[0] in {"monerosim", "numpy", "waitress", "msgspec"}}
    assert loaded == {"monerosim", "monerosim.testing", "monerosim.testing.plugin"}
""")
    counts, output = run(project, "-p", "no:hypothesispytest")
    assert counts == {"passed": 1}, output


def test_real_programs_that_are_missing_are_named(project):
    (project / "test_real.py").write_text("def test_real(monero):\n    monero.mine()\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--monero", "regtest"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": str(project)},
    )
    assert "monerod is not on PATH" in done.stdout
    assert "apt install monero" in done.stdout
