"""What a scenario says of the programs, as far as that can be checked without the programs."""

import re

from monerosim.plan.flags import RESERVED, flag_name, repeatable
from monerosim.scenario.convert import quote
from monerosim.scenario.problems import Path, RawProblem
from monerosim.scenario.tables import Node, Scenario, Wallet

_FLAG = re.compile(r"--[a-z0-9][a-z0-9-]*(=[^\x00-\x1f]*)?")


def program_problems(scenario: Scenario) -> list[RawProblem]:
    """Check the flags of the programs."""
    findings: list[RawProblem] = []
    for key in ("monerod_flags", "wallet_flags"):
        findings += _flags(getattr(scenario.binaries, key), ("binaries", key))
    for name, participant in scenario.participants.items():
        for key, service in (("node", participant.node), ("wallet", participant.wallet)):
            if isinstance(service, Node | Wallet):
                findings += _flags(service.flags, ("participants", name, key, "flags"))
    return findings


def _flags(flags: tuple[str, ...], path: Path) -> list[RawProblem]:
    findings = []
    seen: set[str] = set()
    for index, flag in enumerate(flags):
        here, name = (*path, index), flag_name(flag)
        if not _FLAG.fullmatch(flag):
            message, hint = f'expected a flag such as "--log-level=1", got {quote(flag)}', _dashed(flag)
            findings.append(RawProblem(path=here, message=message, hint=hint, depends_on=(here,)))
        elif name in RESERVED:
            findings.append(RawProblem(path=here, message=f"{name} cannot be set here", hint=RESERVED[name]))
        elif name in seen and not repeatable(name):
            findings.append(RawProblem(path=here, message=f"{name} is given twice"))
        seen.add(name)
    return findings


def _dashed(flag: str) -> str:
    """Suggest how something that is no flag might have been meant."""
    if len(flag.strip().strip("-")) == 1:
        return "write its whole name, after two dashes"
    better = "--" + "=".join(flag.strip().lstrip("-").split(maxsplit=1))
    return f'write "{better}"' if _FLAG.fullmatch(better) else ""
