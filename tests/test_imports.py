"""The print of imports between packages: it names what runs up and what closes a cycle."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

PYPROJECT = """
[[tool.importlinter.contracts]]
name = "Layers"
type = "layers"
containers = ["house"]
layers = ["roof", "wall : window", "floor"]
"""


def show(pyproject, path=""):
    command = [sys.executable, ROOT / "tools" / "imports.py", pyproject]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(path)})
    assert not done.stderr
    return done


@pytest.fixture
def house(tmp_path):
    """A package of four whose imports all run down."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    for name in ("", "roof", "wall", "window", "floor"):
        (tmp_path / "house" / name).mkdir()
        (tmp_path / "house" / name / "__init__.py").write_text("")
    (tmp_path / "house" / "roof" / "tiles.py").write_text("from house.wall import bricks\nimport house.floor\n")
    (tmp_path / "house" / "wall" / "bricks.py").write_text("import house.floor\n")
    return tmp_path


def test_this_repository_has_no_upward_import_and_no_cycle():
    done = show(ROOT / "pyproject.toml")
    assert done.returncode == 0
    assert done.stdout.endswith("upward imports: none\ncycles: none\n")


def test_imports_down_are_counted(house):
    done = show(house / "pyproject.toml", house)
    assert done.returncode == 0
    assert "  roof\n  wall  window\n  floor\nimports between packages: 3\n" in done.stdout


def test_an_upward_import_is_named_with_its_modules(house):
    (house / "house" / "window" / "frame.py").write_text("import house.roof.tiles\n")
    done = show(house / "pyproject.toml", house)
    assert done.returncode == 1
    assert "upward imports:\n  window -> roof: house.window.frame -> house.roof.tiles\ncycles: none\n" in done.stdout


def test_an_import_between_packages_of_one_layer_is_named(house):
    (house / "house" / "window" / "frame.py").write_text("import house.wall.bricks\n")
    done = show(house / "pyproject.toml", house)
    assert done.returncode == 1
    assert "  window -> wall: house.window.frame -> house.wall.bricks\n" in done.stdout


def test_a_cycle_is_named_with_all_its_packages(house):
    (house / "house" / "floor" / "carpet.py").write_text("import house.roof.tiles\n")
    done = show(house / "pyproject.toml", house)
    assert done.returncode == 1
    assert done.stdout.endswith("cycles:\n  floor, roof, wall\n")
