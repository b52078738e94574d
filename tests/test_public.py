"""The public names: what somebody who writes scenarios in Python, actors, engines and topologies imports."""

import ast
import subprocess
import sys
from importlib import import_module
from inspect import getdoc, isclass, isroutine
from itertools import pairwise
from pathlib import Path
from string import Template

import pytest

import actors
import monerosim
from monerosim.events import event_kinds
from monerosim.lazy import public_names

ROOT = Path(__file__).parents[1]
FACES = ("monerosim", "actors")
NAMES = [(face, name) for face in FACES for name in public_names(face)]

WRITTEN_WITH_THE_PUBLIC_NAMES = [
    ROOT / "scenarios" / "steward.py",
    ROOT / "monerosim" / "catalogue" / "skeleton" / "actor.txt",
    ROOT / "monerosim" / "catalogue" / "skeleton" / "test.txt",
    *sorted((ROOT / "tests" / "plugin_package").rglob("*.py")),
]


@pytest.mark.parametrize(("face", "name"), NAMES)
def test_each_name_is_what_its_module_has_and_is_documented(face, name):
    module = import_module(public_names(face)[name])
    found = getattr(import_module(face), name)
    assert found is getattr(module, name)
    if isclass(found) or isroutine(found):
        assert found.__name__ == name
        assert getdoc(found)
    else:
        assert name in documented_constants(module)


def documented_constants(module):
    """Return the names that have a text below their assignment."""
    body = ast.parse(Path(module.__file__).read_text(encoding="utf-8")).body
    names = set()
    for statement, text in pairwise(body):
        target = getattr(statement, "target", None) or (getattr(statement, "targets", None) or [None])[0]
        if isinstance(target, ast.Name) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant):
            names.add(target.id)
    return names


@pytest.mark.parametrize("face", [monerosim, actors])
def test_all_names_are_listed_and_others_are_refused(face):
    assert list(public_names(face.__name__)) == face.__all__
    assert set(face.__all__) <= set(dir(face))
    with pytest.raises(AttributeError, match="has no attribute 'Behavoiur'"):
        _ = face.Behavoiur


def test_every_event_is_public():
    assert {kind.__name__ for kind in event_kinds().values() if kind.__module__.startswith("monerosim.")} <= set(
        monerosim.__all__
    )


@pytest.mark.parametrize("file", WRITTEN_WITH_THE_PUBLIC_NAMES, ids=lambda file: file.name)
def test_actors_of_others_need_nothing_else(file):
    text = Template(file.read_text(encoding="utf-8")).safe_substitute(module="mine", class_name="Mine", name="mine")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names}.isdisjoint(FACES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in FACES:
            assert node.module in FACES
            assert {alias.name for alias in node.names} <= set(public_names(node.module))


def test_a_name_imports_only_what_it_needs():
    code = "import sys, monerosim; monerosim.Behaviour; monerosim.BlockFound; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert "monerosim.agent.behaviour" in loaded
    assert {"numpy", "click", "rich", "monerosim.scenario", "monerosim.build"}.isdisjoint(loaded)


def test_type_checkers_know_the_names(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import actors\n"
        "import monerosim\n"
        "reveal_type(monerosim.Behaviour)\n"
        "reveal_type(actors.GetBalance)\n"
        "monerosim.Behavoiur\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "mine.py"]
    typed = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path).stdout
    assert "(host: monerosim.agent.host.Host, name:" in typed
    assert "-> actors.host.wallet_proxy.GetBalance" in typed
    assert 'Module has no attribute "Behavoiur"' in typed
