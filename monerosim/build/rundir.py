"""The run directory: everything that a run reads and writes."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import msgspec

from monerosim.build.agent_registry import agent_registry
from monerosim.build.gml import to_gml
from monerosim.build.processes import PLAN
from monerosim.build.shadow import shadow_yaml
from monerosim.engine import EngineError, load_engine
from monerosim.files import read_regular
from monerosim.mailbox.disk import MAILBOXES, make_mailbox
from monerosim.mailbox.shared import DiskState
from monerosim.plan.plan import Plan, encode_plan
from monerosim.plugins.files import FOLDER
from monerosim.runtime.collecting import rare_collection

SCENARIO = "scenario.toml"


class RunDirectoryError(Exception):
    """The run directory cannot be written; the message is for the user."""


class _Mark(msgspec.Struct):
    """The fields of every plan version, by which a run directory is recognised."""

    version: int
    hosts: list[msgspec.Raw]
    time_zero: int


@rare_collection()
def write_run_directory(
    plan: Plan,
    scenario: bytes,
    path: Path | str,
    *,
    force: bool = False,
    plugins: Mapping[str, bytes] = MappingProxyType({}),
    at_once: bool = False,
) -> None:
    """Write a run directory, completely or not at all.

    It is built beside its path and then moved there, so a failure leaves what was there before.

    Args:
        plan: The plan.
        scenario: The content of the scenario's file; not written if empty.
        path: The path of the run directory.
        force: An existing run may be replaced, with all its results.
        plugins: The Python files that the plan names, by path.
        at_once: Whether the plan's engine plays it now. Then there is nothing in it for processes of hosts and for
            plain ``shadow``, if all hosts of that engine are in one process.

    Raises:
        RunDirectoryError: Something else exists there, or a run and ``force`` is not set, or writing fails.
    """
    target = Path(os.path.realpath(path))
    _check_replaceable(target, path, force=force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.building-", dir=target.parent))
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be written: {_reason(error)}") from error
    try:
        _fill(building, plan, scenario)
        if not (at_once and load_engine(plan.engine).paced):
            _add_processes(building, plan, target)
        _add_plugins(building / FOLDER, plan, plugins)
        load_engine(plan.engine).prepare(plan, building, target)
        # mkdtemp creates private directories; a run directory has the usual permissions
        building.chmod(0o777 & ~_umask())
        _move(building, target)
    except EngineError as error:
        raise RunDirectoryError(str(error)) from error
    except (OSError, ValueError) as error:
        raise RunDirectoryError(f"{path} cannot be written: {_reason(error)}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """Lock a run directory, so that no other process runs or replaces it meanwhile.

    Raises:
        RunDirectoryError: It is in use already, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise RunDirectoryError(f"{path} cannot be read: {_reason(error)}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunDirectoryError(f"{path} is in use by a run: wait for its end, or stop it") from error
        yield
    finally:
        os.close(descriptor)


def is_run_directory(path: Path) -> bool:
    """Return whether a directory holds a run of monerosim, of any version."""
    try:
        msgspec.json.decode(read_regular(path / PLAN), type=_Mark)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _check_replaceable(target: Path, shown: Path | str, *, force: bool) -> None:
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise RunDirectoryError(f"{shown} already exists and is not a directory")
    if target == target.parent:
        raise RunDirectoryError(f"{shown} is the root of the file system")
    try:
        empty = not any(target.iterdir())
    except OSError as error:
        raise RunDirectoryError(f"{shown} cannot be read: {_reason(error)}") from error
    if empty:
        return
    if not is_run_directory(target):
        raise RunDirectoryError(f"{shown} already exists and is not a run of monerosim, so it is left alone")
    if not force:
        raise RunDirectoryError(
            f"{shown} already holds a run; --force (in Python force=True) replaces it, with all its results"
        )
    if target == Path.cwd():
        raise RunDirectoryError(f"{shown} is the working directory and cannot be replaced from within")
    with hold(target):
        pass


def _fill(directory: Path, plan: Plan, scenario: bytes) -> None:
    (directory / PLAN).write_bytes(encode_plan(plan))
    if scenario:
        (directory / SCENARIO).write_bytes(scenario)
    (directory / "topology.gml").write_text(to_gml(plan.topology), encoding="utf-8")
    (directory / "shared").mkdir()
    DiskState(directory / "shared").replace(*agent_registry(plan))


def _add_processes(directory: Path, plan: Plan, target: Path) -> None:
    """Write what hosts need that have processes of their own."""
    (directory / "shadow.yaml").write_text(shadow_yaml(plan, target), encoding="utf-8")
    for host in plan.hosts:
        (directory / "hosts" / host.name).mkdir(parents=True)
        make_mailbox(directory / MAILBOXES, host.name)


def _add_plugins(directory: Path, plan: Plan, plugins: Mapping[str, bytes]) -> None:
    """Write the run's own copy of its plugins, which it uses even when the scenario's files have changed."""
    for path in plan.plugins:
        if path not in plugins:
            raise ValueError(f"the code of {path} is missing")
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(plugins[path])


def _move(building: Path, target: Path) -> None:
    """Replace the old directory by the new one, or restore the old one if that fails."""
    if not os.path.lexists(target):
        building.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}.old-", dir=target.parent))
    try:
        target.rename(old)
    except OSError:
        old.rmdir()
        raise
    try:
        building.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)
