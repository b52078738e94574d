"""Print the layers of monerosim and every import that runs up or closes a cycle between packages.

    python tools/imports.py [PYPROJECT]

The layers are those of the import-linter contract in pyproject.toml. Exits with 1 if there is any such import.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import grimp

Layers: TypeAlias = Sequence[Sequence[str]]
"""Packages by layer, the top first."""

Arrow: TypeAlias = tuple[str, str]
"""A package, and one that it imports."""


def read_layers(pyproject: Path) -> tuple[str, Layers]:
    """Return the first package that a layers contract contains, and its layers.

    Raises:
        LookupError: There is no layers contract.
    """
    contracts = tomllib.loads(pyproject.read_text())["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        if contract["type"] == "layers":
            layers = [layer.replace("|", ":").split(":") for layer in contract["layers"]]
            return contract["containers"][0], [[name.strip() for name in layer] for layer in layers]
    raise LookupError(f"{pyproject} has no layers contract")


def arrows(root: str, packages: Iterable[str]) -> Mapping[Arrow, list[str]]:
    """Return the imports between packages of ``root``, each with the modules that make it."""
    graph = grimp.build_graph(root, exclude_type_checking_imports=True, cache_dir=None)
    known = set(packages)
    found: dict[Arrow, list[str]] = {}
    for importer in sorted(graph.modules):
        for imported in sorted(graph.find_modules_directly_imported_by(importer)):
            ends = _package(importer, root), _package(imported, root)
            if ends[0] != ends[1] and known.issuperset(ends):
                found.setdefault(ends, []).append(f"{importer} -> {imported}")
    return found


def upward(found: Iterable[Arrow], layers: Layers) -> list[Arrow]:
    """Return the arrows from a package to another of the same layer or of one above."""
    height = {name: -index for index, layer in enumerate(layers) for name in layer}
    return sorted((importer, imported) for importer, imported in found if height[imported] >= height[importer])


def cycles(found: Iterable[Arrow]) -> list[list[str]]:
    """Return the sets of packages that need each other (strongly connected components), each in order."""
    targets: dict[str, set[str]] = {}
    for importer, imported in found:
        targets.setdefault(importer, set()).add(imported)
    reached = {name: set(_reachable(name, targets)) for name in targets}
    rings = {frozenset(other for other in reach if name in reached.get(other, ())) for name, reach in reached.items()}
    return sorted(sorted(ring) for ring in rings if ring)


def _reachable(start: str, targets: Mapping[str, set[str]]) -> Iterator[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in targets.get(waiting.pop(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
                yield name


def _package(module: str, root: str) -> str:
    return module.removeprefix(f"{root}.").split(".")[0]


def main(arguments: Sequence[str]) -> int:
    """Print the layers and what breaks them; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pyproject", nargs="?", type=Path, default=Path(__file__).parent.parent / "pyproject.toml")
    root, layers = read_layers(parser.parse_args(arguments).pyproject)
    found = arrows(root, (name for layer in layers for name in layer))
    for layer in layers:
        print("  " + "  ".join(layer))
    print(f"imports between packages: {len(found)}")
    up = upward(found, layers)
    print("upward imports:" + ("" if up else " none"))
    for arrow in up:
        print(f"  {arrow[0]} -> {arrow[1]}: " + ", ".join(found[arrow]))
    rings = cycles(found)
    print("cycles:" + ("" if rings else " none"))
    for ring in rings:
        print("  " + ", ".join(ring))
    return 1 if up or rings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
