"""Monero's programs on this machine: finding them, and the flags that each knows.

Releases differ in their flags, and a program stops at an unknown one. So before a plan is written for real programs,
default flags that a program does not know are left out of its arguments, and a scenario's own are checked.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from monerosim.build.processes import AGENT, COMMAND, MONEROD, PYTHON
from monerosim.monero.versions import parse_version
from monerosim.plan.flags import ADD_IF_SUPPORTED, OPTIONAL_FLAGS, flag_name
from monerosim.plan.plan import BinaryPlan, HostPlan, Plan, ProcessPlan

INSTALLING = """\
How Monero's programs (monerod and monero-wallet-rpc) are installed:
  Debian, Ubuntu  apt install monero
  Arch Linux      pacman -S monero
  macOS           brew install monero
  Fedora, others  unpack the archive from https://www.getmonero.org/downloads/
Programs that are not on PATH can be named in the scenario:
  [binaries]
  monerod = "/opt/monero/monerod"
  wallet = "/opt/monero/monero-wallet-rpc\""""

OLDEST = (0, 18)
"""The release with rings of 16 and view tags (hard forks 15 and 16), which monerosim assumes."""

_TIMEOUT = 30
"""Seconds that a program may take to print its help; Monero's take 0.1 s."""

_VERSION = re.compile(r"^Monero '[^']*' \(v(?P<version>\d+(?:\.\d+)*)(?P<rest>[^)]*)\)", re.MULTILINE)
_FLAG = re.compile(r"^ {2}(?:-\w \[ )?(?P<name>--[a-z0-9][\w-]*)(?: \])?(?P<rest>.*)$", re.MULTILINE)

Takes: TypeAlias = Literal["nothing", "a value", "a value or nothing"]


class BinaryError(Exception):
    """Programs are missing or do not fit the scenario; the message is for the user and lists all problems.

    Attributes:
        problems: Each problem with its place in the scenario.
        flags: Those of them that concern the scenario's own flags for a program that was found.
        found: The programs that were found.
    """

    def __init__(
        self, *problems: str, flags: tuple[str, ...] = (), found: tuple[BinaryPlan, ...] = (), advice: str = ""
    ) -> None:
        self.problems = problems
        self.flags = flags
        self.found = found
        super().__init__("\n".join([*problems, advice] if advice else problems))


class Binary(msgspec.Struct, frozen=True):
    """A program of Monero, with its version and flags."""

    path: str
    version: str
    flags: Mapping[str, Takes]
    """Flags with their dashes, and whether each takes a value."""

    def __str__(self) -> str:
        return f"{Path(self.path).name} {self.version} ({self.path})"


def find_binary(name: str, base: Path) -> Path:
    """Find a program.

    Args:
        name: A name on PATH, or a path; ``~`` is the home directory.
        base: The directory that a relative path is relative to.

    Raises:
        BinaryError: There is no such program.
    """
    if os.sep not in name:
        found = shutil.which(name)
        if found is None:
            raise BinaryError(f"{name} is not on PATH")
        return Path(found).absolute()
    try:
        expanded = Path(name).expanduser()
    except RuntimeError as error:
        raise BinaryError(f"{name}: {error}") from error
    # normpath, not resolve: a program may behave by the name of the link that it is called by.
    path = Path(os.path.normpath(base.absolute() / expanded))
    try:
        usable = path.is_file()
    except OSError:
        usable = False
    if not usable:
        raise BinaryError(f"no such file: {path}")
    return path


def ask_binary(path: Path) -> Binary:
    """Return a program's version and flags, from its ``--help``; cached until the program changes.

    Raises:
        BinaryError: It cannot be run, or is not a program of Monero.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise BinaryError(f"{path} cannot be run: {error.strerror}") from error
    return _ask(str(path), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=64)
def _ask(path: str, modified: int, size: int) -> Binary:
    del modified, size
    try:
        answer = subprocess.run(  # noqa: S603  (the user's own choice of program)
            [path, "--help"], stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT, check=False
        )
    except OSError as error:
        raise BinaryError(f"{path} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise BinaryError(f"{path} --help did not end within {_TIMEOUT} s") from error
    text = answer.stdout.decode(errors="replace")
    version = _VERSION.search(text)
    flags = {match["name"]: _takes(match["rest"].strip()) for match in _FLAG.finditer(text)}
    if version is None or not flags:
        said = (answer.stderr.decode(errors="replace").strip() or text.strip()).splitlines()
        why = f": {said[-1][:200]}" if said else ""
        raise BinaryError(f"{path} is not a program of Monero: its --help shows no version and flags{why}")
    rest = version["rest"]
    # Debian's say "-unknown" where others have the commit; "-release" carries no information either.
    return Binary(path, version["version"] + ("" if rest in {"-unknown", "-release"} else rest), flags)


def _takes(rest: str) -> Takes:
    """Read from Boost's help what a flag takes: ``arg``, ``arg (=1)``, ``[=arg(=1)]`` or its description."""
    if rest.startswith("[=arg"):
        return "a value or nothing"
    return "a value" if re.match(r"arg\b", rest) else "nothing"


def resolve_binaries(plan: Plan, base: Path | None = None, for_all: Sequence[str] = ()) -> Plan:
    """Return a plan with its programs looked up, and their arguments fitted to the flags that they know.

    Args:
        plan: A compiled plan.
        base: The directory that relative paths are relative to; the working directory if left out.
        for_all: The flags of the scenario's ``[binaries]``, to name the place of a wrong one.

    Raises:
        BinaryError: A program is missing or not one of Monero's, lacks an essential flag, or does not know a flag
            that the scenario gives it. All problems are reported at once.
    """
    resolver = _Resolver(base or Path(), for_all)
    hosts = tuple(resolver.host(host) for host in plan.hosts)
    binaries = tuple(resolver.used[path] for path in sorted(resolver.used))
    if resolver.problems:
        advice = INSTALLING if resolver.missing else ""
        raise BinaryError(*resolver.problems, flags=tuple(resolver.flags), found=binaries, advice=advice)
    return msgspec.structs.replace(plan, hosts=hosts, binaries=binaries)


class _Resolver:
    def __init__(self, base: Path, for_all: Sequence[str]) -> None:
        self.base = base
        self.for_all = frozenset(for_all)
        self.problems: dict[str, None] = {}
        self.flags: dict[str, None] = {}
        self.missing = False
        self.used: dict[str, BinaryPlan] = {}
        self._found: dict[str, Binary | None] = {}

    def host(self, host: HostPlan) -> HostPlan:
        """Return a host with its programs fitted."""
        processes = tuple(self._process(host, process) for process in host.processes)
        return msgspec.structs.replace(host, processes=processes)

    def _process(self, host: HostPlan, process: ProcessPlan) -> ProcessPlan:
        if process.name == AGENT:
            return process
        if process.argv[0] == PYTHON:
            return self._script(host, process)
        fitted = msgspec.structs.replace(process, argv=self._fit(host, process, process.argv))
        if (upgrade := process.upgrade) is None:
            return fitted
        argv = self._fit(host, process, upgrade.argv)
        found = self._found.get(upgrade.argv[0])
        if found is not None and parse_version(found.version.partition("-")[0]) != parse_version(upgrade.version):
            self._tell(f"participants.{host.group}.node.upgrade: {found} is not version {upgrade.version}")
        return msgspec.structs.replace(fitted, upgrade=msgspec.structs.replace(upgrade, argv=argv))

    def _fit(self, host: HostPlan, process: ProcessPlan, argv: Sequence[str]) -> tuple[str, ...]:
        """Return a program's path with the arguments that it knows."""
        program, *arguments = argv
        service = "node" if process.name == MONEROD else "wallet"
        binary = self._find(program, f"the {service} of {host.group}")
        if binary is None:
            return tuple(argv)
        self._check_own(binary, process.flags, f"participants.{host.group}.{service}.flags", service)
        own = set(process.flags)
        usual = {flag_name(one) for one in arguments if one not in own}
        unknown = sorted(usual - binary.flags.keys())
        lacking = [flag for flag in unknown if flag not in OPTIONAL_FLAGS]
        if lacking:
            self._tell(f"{binary} does not know what a {service} needs: {', '.join(lacking)}; is it the right program?")
        left_out = {flag: OPTIONAL_FLAGS[flag] for flag in unknown if flag in OPTIONAL_FLAGS}
        self._use(binary, left_out)
        kept = [one for one in arguments if one in own or flag_name(one) not in left_out]
        names = {flag_name(one) for one in kept}
        added = [flag for flag in ADD_IF_SUPPORTED if flag in binary.flags and flag not in names]
        return (binary.path, *kept, *added)

    def _script(self, host: HostPlan, process: ProcessPlan) -> ProcessPlan:
        """Find a script's program and files, without running anything."""
        before, command = _split(process.argv)
        found = []
        for index, part in enumerate(command):
            is_program = index == 0 and part != PYTHON
            try:
                found.append(str(find_binary(part, self.base)) if is_program or _is_relative(part) else part)
            except BinaryError as error:
                self._tell(f"the script of {host.group}: {error}")
        return msgspec.structs.replace(process, argv=(*before, *found))

    def _find(self, program: str, user: str) -> Binary | None:
        if program not in self._found:
            try:
                self._found[program] = ask_binary(find_binary(program, self.base))
            except BinaryError as error:
                self._found[program] = None
                self.missing = self.missing or os.sep not in program
                self._tell(f"{user}: {error}")
        return self._found[program]

    def _check_own(self, binary: Binary, flags: Sequence[str], own: str, service: str) -> None:
        of_all = "binaries.monerod_flags" if service == "node" else "binaries.wallet_flags"
        for flag in flags:
            place = of_all if flag in self.for_all else own
            name, equals, _ = flag.partition("=")
            if wrong := _misused(flag, name, bool(equals), binary):
                self._tell(problem := f"{place}: {wrong}")
                self.flags.setdefault(problem)

    def _use(self, binary: Binary, left_out: dict[str, str]) -> None:
        before = self.used.get(binary.path)
        if before is not None and left_out.keys() <= before.left_out.keys():
            return
        notes = []
        if tuple(int(part) for part in re.findall(r"\d+", binary.version)[:2]) < OLDEST:
            oldest = ".".join(map(str, OLDEST))
            notes.append(f"it is older than {oldest} and follows other rules of consensus than what monerosim knows")
        known = before.left_out if before is not None else {}
        self.used[binary.path] = BinaryPlan(
            path=binary.path,
            version=binary.version,
            left_out=dict(sorted({**known, **left_out}.items())),
            notes=tuple(notes),
        )

    def _tell(self, problem: str) -> None:
        self.problems.setdefault(problem)


def _split(argv: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Return the arguments up to the command of a script, and the command."""
    start = argv.index(COMMAND) + 1
    return argv[:start], argv[start:]


def _is_relative(argument: str) -> bool:
    return argument.startswith(("./", "../"))


def _misused(flag: str, name: str, has_value: bool, binary: Binary) -> str:
    """Return what is wrong with a flag; an empty text if the program takes it."""
    takes = binary.flags.get(name)
    if takes is None:
        close = get_close_matches(name, binary.flags, n=1)
        return f"{binary} does not know {name}" + (f'; did you mean "{close[0]}"?' if close else "")
    if takes == "a value" and not has_value:
        return f'{name} needs a value, such as "{name}=..."'
    if takes == "nothing" and has_value:
        return f"{name} takes no value, got {flag}"
    return ""


def describe_binary(binary: BinaryPlan) -> list[str]:
    """Return the lines that describe a program: itself first, then a line for each peculiarity."""
    left_out = [f"left out {flag}, which it does not know: {meaning}" for flag, meaning in binary.left_out.items()]
    return [f"{Path(binary.path).name} {binary.version} ({binary.path})", *left_out, *binary.notes]
