"""From a file to a scenario, with everything that is wrong told at once."""

from collections.abc import Sequence
from pathlib import Path as FilePath
from stat import S_ISDIR, S_ISREG

import msgspec

from monerosim.plugins import PluginFiles
from monerosim.runtime.collecting import rare_collection
from monerosim.scenario.checks import Examined, examine_tables
from monerosim.scenario.convert import Reader, find_near
from monerosim.scenario.document import MAX_BYTES, Document, read_document
from monerosim.scenario.permissions import NOTHING, Permissions
from monerosim.scenario.problems import Problem, RawProblem, ScenarioError, first_causes
from monerosim.scenario.tables import Scenario


class Examination(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario as far as it could be read, what it comes to, and everything there is to say about it."""

    scenario: Scenario
    files: PluginFiles
    """Where its own files are."""
    permissions: Permissions
    """What the user allows it."""
    result: Examined
    problems: tuple[Problem, ...]
    """Errors and warnings, in the order of the file."""

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that keep the scenario from being used."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    def require(self) -> None:
        """Check that the scenario can be used.

        Raises:
            ScenarioError: It has errors.
        """
        if self.errors:
            raise ScenarioError(self.problems)


def load(
    path: str | FilePath, seed: int | None = None, changes: Sequence[str] = (), permissions: Permissions = NOTHING
) -> Scenario:
    """Read a scenario file.

    Args:
        path: The file.
        seed: Replaces the scenario's.
        changes: ``KEY.PATH=VALUE``, made before the scenario is checked.
        permissions: What the user allows it.

    Raises:
        ScenarioError: Something is wrong with it; all errors are in ``problems``.
    """
    return _usable(examine(read_file(path), seed, changes, PluginFiles(FilePath(path).parent), permissions))


def parse(
    text: str, seed: int | None = None, changes: Sequence[str] = (), permissions: Permissions = NOTHING
) -> Scenario:
    """Read a scenario from TOML text; else like :func:`load`. Its own files are below the working directory.

    Raises:
        ScenarioError: Something is wrong with it; all errors are in ``problems``.
    """
    return _usable(examine(text.encode("utf-8", "surrogatepass"), seed, changes, permissions=permissions))


def examine_scenario(
    scenario: Scenario, files: PluginFiles | None = None, permissions: Permissions = NOTHING
) -> Examination:
    """Examine a scenario that was composed in Python.

    Args:
        scenario: The scenario.
        files: Where its own files are; below the working directory, if left out.
        permissions: What the user allows it.
    """
    return _examine(scenario, Document(data={}), [], files or PluginFiles(FilePath()), permissions)


def read_file(path: str | FilePath, largest: int = MAX_BYTES) -> bytes:
    """Read a scenario file's bytes, no more than a byte above what is allowed.

    Args:
        path: The file.
        largest: How many bytes are allowed.

    Raises:
        ScenarioError: The file cannot be read.
    """
    try:
        # What is neither, such as a pipe, might keep us waiting for ever.
        if S_ISREG(mode := FilePath(path).stat().st_mode) or S_ISDIR(mode):
            with FilePath(path).open("rb") as file:
                return file.read(largest + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        near = near_path(FilePath(path)) if isinstance(error, FileNotFoundError) else None
        hint = f'did you mean "{near}"?' if near else ""
        raise ScenarioError([Problem(place=str(path), message=f"cannot be read: {reason}", hint=hint)]) from error
    raise ScenarioError([Problem(place=str(path), message="cannot be read: not a regular file")])


def near_path(path: FilePath) -> FilePath | None:
    """Find the path that somebody who wrote one that is not there may have meant: in its directory, or one near it."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        folder = None if path.parent in (path, FilePath()) else near_path(path.parent)
        found = None if folder is None else folder / path.name
        return found if found is not None and found.exists() else None
    near = find_near(path.name, names)
    return None if near is None else path.parent / near


def examine(
    raw: bytes,
    seed: int | None = None,
    changes: Sequence[str] = (),
    files: PluginFiles | None = None,
    permissions: Permissions = NOTHING,
) -> Examination:
    """Read a scenario file's bytes as far as possible.

    Args:
        raw: The file's bytes.
        seed: Replaces the scenario's.
        changes: ``KEY.PATH=VALUE``, made before the scenario is checked.
        files: Where its own files are; below the working directory, if left out.
        permissions: What the user allows it.

    Raises:
        ScenarioError: It is no TOML at all.
    """
    document = read_document(raw, seed, changes)
    reader = Reader()
    scenario = reader.read(document.data, Scenario)
    if not isinstance(scenario, Scenario):
        scenario = Scenario()
    return _examine(scenario, document, reader.findings, files or PluginFiles(FilePath()), permissions)


@rare_collection()
def _examine(
    scenario: Scenario,
    document: Document,
    unread: Sequence[RawProblem],
    files: PluginFiles,
    permissions: Permissions,
) -> Examination:
    result = examine_tables(scenario, files, permissions)
    findings = [*document.findings, *unread, *result.findings]
    problems = _tell(document, findings, strict=scenario.simulation.strict)
    return Examination(scenario=scenario, files=files, permissions=permissions, result=result, problems=problems)


def _tell(document: Document, findings: Sequence[RawProblem], *, strict: bool) -> tuple[Problem, ...]:
    problems = [*document.refused, *(document.locate(finding) for finding in first_causes(findings))]
    if strict:
        problems = [msgspec.structs.replace(problem, severity="error") for problem in problems]
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.line is None, problem.line or 0)))


def _usable(examination: Examination) -> Scenario:
    examination.require()
    return examination.scenario
