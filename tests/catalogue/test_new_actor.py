"""``monerosim new-actor``: what it writes works, as it is."""

import keyword
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.agent.registry import actor_name
from monerosim.catalogue.skeleton import SkeletonError, check_name, class_of, module_of
from monerosim.cli import main

ROOT = Path(__file__).parents[2]
LONGEST = "w" * 19 + "-" + "watcher2" * 2 + "-x23"


def call(*arguments):
    result = CliRunner().invoke(main, ["new-actor", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def python(directory, *arguments):
    return subprocess.run(
        [sys.executable, "-m", *arguments], check=False, capture_output=True, text=True, cwd=directory
    )


@pytest.mark.parametrize("name", ["price-watcher", LONGEST])
def test_what_it_writes_passes_its_test_and_the_projects_rules(tmp_path, name):
    assert call(name, str(tmp_path)).exit_code == 0
    played = python(tmp_path, "pytest", "-q", "-p", "no:cacheprovider")
    assert played.returncode == 0, played.stdout
    assert "1 passed" in played.stdout
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]["ignore"]
    ignored = ",".join((*rules, "INP001"))
    options = ("--isolated", "--no-cache", "--line-length=120", "--target-version=py311")
    linted = python(
        tmp_path,
        *(
            "ruff",
            "check",
            *options,
            "--select=ALL",
            f"--ignore={ignored}",
            *("--per-file-ignores=test_*:S101", "--per-file-ignores=test_*:PLR2004"),
        ),
    )
    assert linted.returncode == 0, linted.stdout
    formatted = python(tmp_path, "ruff", "format", "--check", "--diff", *options)
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr


def test_what_it_writes_passes_mypys_strict_rules(tmp_path):
    call("price-watcher", str(tmp_path))
    typed = python(tmp_path, "mypy", "--strict", "--config-file=", "price_watcher.py", "test_price_watcher.py")
    assert typed.returncode == 0, typed.stdout


def test_it_says_what_to_do_next_and_makes_the_directory(tmp_path):
    result = call("price-watcher", str(tmp_path / "my" / "actors"))
    assert result.exit_code == 0
    assert "monerosim run" in result.output
    assert "its test, for pytest (python3 -m pip install pytest)" in result.output
    assert 'use = "./price_watcher.py:PriceWatcher"' in result.output
    assert 'price-watcher = "YOUR_PACKAGE.price_watcher:PriceWatcher"' in result.output
    assert sorted(path.name for path in (tmp_path / "my" / "actors").iterdir()) == [
        "price_watcher.py",
        "price_watcher.toml",
        "test_price_watcher.py",
    ]


@pytest.mark.parametrize("there", ["price_watcher.py", "price_watcher.toml", "test_price_watcher.py"])
def test_it_leaves_alone_what_is_there(tmp_path, there):
    (tmp_path / there).write_text("mine")
    result = call("price-watcher", str(tmp_path))
    assert result.exit_code == 1
    assert f"{there} already exists" in result.output
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    result = call("price-watcher", str(tmp_path / "file" / "below"))
    assert result.exit_code == 1
    assert "cannot be written" in result.output


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Price", "is no name for an actor"),
        ("price_watcher", "is no name for an actor"),
        ("../price", "is no name for an actor"),
        ("", "is no name for an actor"),
        ("a-b", "is no name for an actor"),
        ("2watch", "is no name for an actor"),
        ("w" * 41, "is no name for an actor"),
        ("class", "is a word of Python"),
        ("wallet", "every participant has an actor"),
        ("regular-user", "there is an actor"),
        ("random", 'Python has a module "random" already'),
        ("monerosim", 'Python has a module "monerosim" already'),
    ],
)
def test_bad_names_are_refused(tmp_path, name, message):
    result = call(name, str(tmp_path))
    assert result.exit_code == 1
    assert message in result.output
    assert not list(tmp_path.iterdir())


@settings(deadline=None)
@given(st.text(alphabet="ab1-Z_.", min_size=1, max_size=12))
def test_a_name_that_is_accepted_comes_back_from_the_class(name):
    try:
        check_name(name)
    except SkeletonError:
        return
    assert class_of(name).isidentifier()
    assert module_of(name).isidentifier()
    assert not keyword.iskeyword(module_of(name))
    assert actor_name(f"./{module_of(name)}.py:{class_of(name)}") == name


@pytest.mark.parametrize(
    ("written", "name"),
    [("MyActor", "my-actor"), ("HTTPProbe", "http-probe"), ("A", "a"), ("my_actor", "my-actor"), ("_", "actor")],
)
def test_an_actor_in_a_file_is_called_after_its_class(written, name):
    assert actor_name(f"./mine.py:{written}") == name
