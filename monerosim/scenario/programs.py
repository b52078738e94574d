"""What a scenario says of the programs, as far as that can be checked without the programs.

A scenario may come from a stranger, so it names no program but Monero's and no flag but harmless ones, unless the user
has allowed it.
"""

import re
from collections.abc import Iterator

from monerosim.plan.allowed_flags import HARMLESS, NODE, RISKY, WALLET, usual_program
from monerosim.plan.flags import RESERVED, flag_name, flag_value, repeatable
from monerosim.scenario.convert import find_near, quote
from monerosim.scenario.permissions import Permissions
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario, Wallet

_FLAG = re.compile(r"--[a-z0-9][a-z0-9-]*(=[^\x00-\x1f]*)?")
_CONNECTIONS = range(1, 1001)
_NUMBERS = {
    "--out-peers": (_CONNECTIONS, "without one monerod would look for Monero's own network; --offline has no peers"),
    "--in-peers": (range(2**31), ""),
    "--limit-rate": (range(1, 2**31), ""),
    "--limit-rate-down": (range(1, 2**31), ""),
    "--limit-rate-up": (range(1, 2**31), ""),
}
"""Numbers on which the network of the plan depends."""


def program_problems(scenario: Scenario, permissions: Permissions) -> list[RawProblem]:
    """Check the programs and their flags.

    Args:
        scenario: The scenario.
        permissions: What the user allows it.
    """
    checker = _Checker(permissions)
    binaries = scenario.binaries
    findings = [
        *checker.program(binaries.monerod, NODE, ("binaries", "monerod")),
        *checker.program(binaries.wallet, WALLET, ("binaries", "wallet")),
        *checker.flags(binaries.monerod_flags, NODE, ("binaries", "monerod_flags")),
        *checker.flags(binaries.wallet_flags, WALLET, ("binaries", "wallet_flags")),
    ]
    for name, participant in scenario.participants.items():
        for key, service in ((NODE, participant.node), (WALLET, participant.wallet)):
            if isinstance(service, Node | Wallet):
                path: Path = ("participants", name, key)
                findings += checker.flags(service.flags, key, (*path, "flags"))
                if service.binary is not None:
                    findings += checker.program(service.binary, key, (*path, "binary"))
                if isinstance(service, Node) and service.upgrade is not None and service.upgrade.binary is not None:
                    findings += checker.program(service.upgrade.binary, key, (*path, "upgrade", "binary"))
    return findings


class _Checker:
    def __init__(self, permissions: Permissions) -> None:
        self._permissions = permissions

    def program(self, name: str, service: str, path: Path) -> Iterator[RawProblem]:
        """Check that a program is one of Monero's on PATH, or allowed."""
        if not self._permissions.programs and not usual_program(name, service):
            usual = {NODE: "monerod", WALLET: "monero-wallet-rpc"}[service]
            message = f"{quote(name)} is no {usual} on PATH: a scenario starts no other program unless you allow it"
            yield RawProblem(path=path, message=message, hint="add --allow-programs if you trust it")

    def flags(self, flags: tuple[str, ...], service: str, path: Path) -> Iterator[RawProblem]:
        """Check that flags are flags, that none is twice there, and that each may be set."""
        seen: set[str] = set()
        for index, flag in enumerate(flags):
            here, name = (*path, index), flag_name(flag)
            if not _FLAG.fullmatch(flag):
                message, hint = f'expected a flag such as "--log-level=1", got {quote(flag)}', _dashed(flag)
                yield RawProblem(path=here, message=message, hint=hint, unreadable=(here,), depends_on=(here,))
            elif name in RESERVED:
                message = f"{name} cannot be set here"
                yield RawProblem(path=here, message=message, hint=RESERVED[name], unreadable=(here,))
            elif name in seen and not repeatable(name):
                yield RawProblem(path=here, message=f"{name} is given twice", unreadable=(here,))
            elif name not in HARMLESS[service] and name not in self._permissions.flags:
                yield _forbidden(name, service, here)
            elif service == NODE and name in _NUMBERS:
                yield from _number(name, flag, here)
            seen.add(name)


def _forbidden(name: str, service: str, path: Path) -> RawProblem:
    allow = f"add --allow-flag={name} if you trust it"
    if name in RISKY:
        message = f"{name} is not set unless you allow it: {RISKY[name]}"
        return RawProblem(path=path, message=message, hint=allow, unreadable=(path,))
    message = f"{name} is no flag that is known to be harmless"
    near = find_near(name, HARMLESS[service])
    hint = f'did you mean "{near}"? If not, {allow}' if near else allow
    return RawProblem(path=path, message=message, hint=hint, unreadable=(path,))


def _number(name: str, flag: str, path: Path) -> Iterator[RawProblem]:
    allowed, reason = _NUMBERS[name]
    value = flag_value(flag)
    if not (value.isascii() and value.isdigit() and int(value[:20]) in allowed):
        expected = f"{name} takes a number from {allowed.start} to {allowed.stop - 1}, got {quote(value)}"
        yield RawProblem(path=path, message=expected, hint=reason, unreadable=(path,))


def _dashed(flag: str) -> str:
    """Suggest how something that is no flag might have been meant."""
    if len(flag.strip().strip("-")) == 1:
        return "write its whole name, after two dashes"
    better = "--" + "=".join(flag.strip().lstrip("-").split(maxsplit=1))
    return f'write "{better}"' if _FLAG.fullmatch(better) else ""
