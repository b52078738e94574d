"""A run as an archive: to repeat and cite it, or to report a fault of the program."""

import platform
import zipfile
from collections.abc import Iterator, Sequence
from importlib.metadata import distributions
from pathlib import Path

import msgspec

from monerosim.build.processes import PLAN
from monerosim.build.rundir import SCENARIO
from monerosim.events.log import EVENTS
from monerosim.plugins.files import FOLDER
from monerosim.rpc.transport import Json
from monerosim.runs import SUMMARY, Run, RunError
from monerosim.tables.store import DIRECTORY

CRATE = "ro-crate-metadata.json"
"""What RO-Crate 1.1 calls the description of an archive (https://www.researchobject.org/ro-crate/1.1/)."""

_STAMP = (1980, 1, 1, 0, 0, 0)
"""The time of all files: the same run makes the same archive. The least that the format knows."""

_MOST_LOG = 1_000_000
"""Bytes of the end of a program's log that the archive of a fault has."""


def export_crate(run: Run, path: Path) -> None:
    """Write all that it takes to repeat and to cite a run: scenario, plan, plugins, tables, summary, and a description.

    Raises:
        RunError: The tables cannot be made.
        OSError: It cannot be written.
    """
    directory = run.directory
    tables = run.tables.directory
    files = [
        *(directory / name for name in (SCENARIO, PLAN, SUMMARY)),
        *sorted((directory / FOLDER).rglob("*.py")),
        *sorted(tables.glob("*.parquet")),
    ]
    present = [file for file in files if file.is_file()]
    names = [
        f"{DIRECTORY}/{file.name}" if file.parent == tables else str(file.relative_to(directory)) for file in present
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in zip(names, present, strict=True):
            _add(archive, name, file.read_bytes())
        _add(archive, "README.md", _readme(run).encode())
        _add(archive, CRATE, msgspec.json.format(msgspec.json.encode(_crate(run, [*names, "README.md"])), indent=1))


def export_bug(run: Run, path: Path) -> None:
    """Write what it takes to find a fault: scenario, plan, plugins, events, summary, actors' warnings, ends of logs.

    Raises:
        OSError: It cannot be written.
    """
    directory = run.directory
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        whole = [directory / name for name in (SCENARIO, PLAN, SUMMARY, EVENTS)]
        for file in (*whole, *sorted((directory / FOLDER).rglob("*.py"))):
            if file.is_file():
                _add(archive, str(file.relative_to(directory)), file.read_bytes())
        for file in sorted(directory.glob("hosts/*/*.log")):
            with file.open("rb") as log:
                log.seek(max(0, file.stat().st_size - _MOST_LOG))
                _add(archive, str(file.relative_to(directory)), log.read())
        _add(archive, "warnings.jsonl", "".join(_warnings(run)).encode())
        _add(archive, "machine.json", msgspec.json.format(msgspec.json.encode(_machine()), indent=1))


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _STAMP), data, zipfile.ZIP_DEFLATED)


def _warnings(run: Run) -> Iterator[str]:
    try:
        yield from (f"{line.json()}\n" for line in run.traces() if line.level in {"WARNING", "ERROR", "CRITICAL"})
    except RunError as error:
        yield f"{error}\n"


def _machine() -> dict[str, str]:
    """Return what monerosim ran on, as far as it can matter: no names of people or machines."""
    versions = {one.metadata["Name"]: one.version for one in distributions()}
    return {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()} | versions


def _readme(run: Run) -> str:
    plan = run.plan
    source = SCENARIO if (run.directory / SCENARIO).is_file() else PLAN
    digest = f" It has the digest {run.summary.digest}." if (run.directory / SUMMARY).is_file() else ""
    return (
        f"# {plan.name}\n\nA run of monerosim {plan.monerosim}, engine {plan.engine}, seed {plan.seed}.{digest}\n\n"
        f"Repeat it, with the options of the file's first line if it names some:\n\n"
        f"    monerosim run {source} --seed {plan.seed}\n\n"
        "The tables are described by `monerosim query` and in monerosim's docs/tables.md.\n"
    )


def _crate(run: Run, names: Sequence[str]) -> Json:
    plan = run.plan
    parts: list[Json] = [{"@id": name} for name in names]
    files: list[Json] = [{"@id": name, "@type": "File"} for name in names]
    return {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {
                "@id": CRATE,
                "@type": "CreativeWork",
                "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
                "about": {"@id": "./"},
            },
            {
                "@id": "./",
                "@type": "Dataset",
                "name": plan.name,
                "description": f"A simulation of a Monero network: engine {plan.engine}, seed {plan.seed}.",
                "hasPart": parts,
            },
            {"@id": "#monerosim", "@type": "SoftwareApplication", "name": "monerosim", "version": plan.monerosim},
            {
                "@id": "#run",
                "@type": "CreateAction",
                "instrument": {"@id": "#monerosim"},
                "object": [{"@id": name} for name in names if name in (SCENARIO, PLAN)],
                "result": parts,
            },
            *files,
        ],
    }
