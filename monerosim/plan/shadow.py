"""shadow.yaml: the plan in the language of Shadow (docs/shadow_config_spec.md in its repository).

Written as text, not by a YAML library: a big run has a hundred thousand arguments, and the settings that Monero needs
have their reasons beside them. Every value is JSON, which YAML includes.
"""

import sys
from pathlib import Path

import msgspec

from monerosim.plan.model import HostPlan, Plan, ProcessPlan
from monerosim.plan.processes import arguments
from monerosim.runtime.rng import stable_seed
from monerosim.units import SECOND

GRACE = 10 * SECOND
"""How long after the run's stop Shadow goes on, so that agents end by themselves rather than are killed."""

_HEAD = """\
# Written by monerosim. Run it with: shadow {path}
# All paths are absolute, because Shadow starts each program in a directory of its own.
"""

_REASONS = {
    "model_unblocked_syscall_latency": "monerod and monero-wallet-rpc calibrate a tick counter by reading the clock "
    "in a loop,\n  # which never ends unless reading it takes time.",
    "unblocked_vdso_latency": "That loop lasts a simulated second. At the default of 10 ns it takes ten seconds of CPU "
    "a process,\n  # at 1 us a tenth of one.",
    "parallelism": "Results do not depend on it.",
    "stop_time": "A little after the run's stop, so that the agents have ended by themselves.",
}


def shadow_yaml(plan: Plan, run: Path, python: str = sys.executable) -> str:
    """Write shadow.yaml.

    Args:
        plan: The plan.
        run: The run directory, absolute.
        python: The interpreter that runs the agents.
    """
    general = {
        "stop_time": _time(plan.stop + GRACE),
        "seed": stable_seed(plan.seed, "shadow") % 2**32,
        "parallelism": 2,
        "model_unblocked_syscall_latency": True,
        "log_level": "warning",
        "data_directory": str(run / "shadow.data"),
        **plan.shadow.general,
    }
    experimental = {"unblocked_vdso_latency": "1 us", **plan.shadow.experimental}
    network = {"graph": {"type": "gml", "file": {"path": str(run / "topology.gml")}}}
    lines = [_HEAD.format(path=run / "shadow.yaml")]
    for section, options in (("general", general), ("experimental", experimental), ("network", network)):
        lines.append(f"{section}:")
        for key, value in options.items():
            if key in _REASONS:
                lines.append(f"  # {_REASONS[key]}")
            lines.append(f"  {_json(key) if not key.isidentifier() else key}: {_json(value)}")
    lines.append("hosts:")
    for host in plan.hosts:
        lines += _host(host, plan.topology.places[host.name], run, python)
    return "\n".join([*lines, ""])


def _host(host: HostPlan, place: int, run: Path, python: str) -> list[str]:
    lines = [
        f"  {_json(host.name)}:",
        f"    network_node_id: {place}",
        f"    ip_addr: {_json(host.address)}",
        "    processes:",
    ]
    for process in host.processes:
        lines += _process(process, run, python)
    return lines


def _process(process: ProcessPlan, run: Path, python: str) -> list[str]:
    # No shell around a program, and its arguments as a list: SIGTERM would stop the shell only.
    path, *rest = arguments(process, run, python)
    return [
        f"    - path: {_json(path)}",
        f"      args: {_json(rest)}",
        f"      environment: {_json(process.environment)}",
        f"      start_time: {_json(_time(process.start))}",
        f"      expected_final_state: {'running' if process.runs_to_end else '{exited: 0}'}",
    ]


def _time(microseconds: int) -> str:
    return f"{microseconds} us"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
