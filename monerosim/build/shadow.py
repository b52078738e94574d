"""shadow.yaml: the plan as Shadow's configuration (docs/shadow_config_spec.md in its repository).

Written as text, not by a YAML library: a big run has a hundred thousand arguments, and the settings that Monero needs
have comments with their reasons. Every value is JSON, which YAML includes.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import msgspec

from monerosim.build.compat import COMPAT, libraries_of, library_of
from monerosim.build.processes import MONEROD, PYTHON, arguments
from monerosim.events.traces import USUAL_LEVEL
from monerosim.plan.environment import TRACE_VARIABLE
from monerosim.plan.plan import HostPlan, Plan, ProcessPlan, SpanPlan
from monerosim.runtime.rng import stable_seed
from monerosim.units import SECOND

GRACE = 10 * SECOND
"""The time for which Shadow goes on after the run's end, so that agents exit by themselves."""

_LONG_GRACE = 60 * SECOND
"""The same where a program may be away: an agent that asks it for the last state asks several times, in vain."""

_MARGIN = SECOND
"""From the time when a daemon's port is given back to it until it is started again."""

_DOOR = Path(__file__).with_name("closed_door.py")
"""What ends connections to a daemon that is away."""

INSTALLING_SHADOW = """\
How Shadow is installed: it runs on Linux only and is built from its sources, unchanged. What that takes:
  Debian, Ubuntu  apt install git cmake make gcc g++ libclang-dev libc-dbg libglib2.0-0 libglib2.0-dev findutils \
python3 xz-utils util-linux
  Fedora          dnf install git cmake make gcc gcc-c++ clang-devel glib2 glib2-devel findutils diffutils python3 xz \
xz-devel util-linux
  both            Rust, from https://rustup.rs
Then it is built and installed as https://shadow.github.io/docs/guide/install_shadow.html says; what each distribution
needs is told at https://shadow.github.io/docs/guide/install_dependencies.html."""

_HEAD = """\
# Written by monerosim. Run it with: shadow {path}
# It works from any directory: Shadow's own paths are absolute, and those of programs start from the directory in which
# Shadow starts them. A run directory that has been moved has to be built again.
"""

_COMPILING = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Agents do not keep the modules that they compile (:mod:`monerosim.engines.shadow.preparation`)."""

_REASONS = {
    "model_unblocked_syscall_latency": "monerod and monero-wallet-rpc calibrate a tick counter by reading the clock "
    "in a loop,\n  # which never ends unless reading it takes time.",
    "log_level": "For a line when a program ends before its time, and one now and then that tells how far the run is.",
    "unblocked_vdso_latency": "That loop lasts a simulated second. At the default of 10 ns it takes ten seconds of CPU "
    "a process,\n  # at 1 us a tenth of one.",
    "unblocked_syscall_latency": "How many system calls a program makes depends on more than the scenario: on the "
    "length of\n  # paths in its memory, on compiled Python modules. At the default of 1 us that would shift times.",
    "use_worker_spinning": "Shadow's threads wait for one another without using the processor: a fifth less CPU time.",
    "parallelism": "Results do not depend on it.",
    "stop_time": "A little after the run's stop, so that the agents have ended by themselves.",
}


def shadow_yaml(plan: Plan, run: Path, python: str = sys.executable, trace_level: str = USUAL_LEVEL) -> str:
    """Return the text of shadow.yaml.

    Args:
        plan: The plan.
        run: The absolute path of the run directory.
        python: The interpreter that runs the agents.
        trace_level: The lowest level of traces that agents keep.
    """
    libraries = {name: str(library_of(run, name)) for name in libraries_of(plan)}
    general = {
        "stop_time": _time(plan.stop + (_LONG_GRACE if any(map(_is_away, plan.hosts)) else GRACE)),
        "seed": stable_seed(plan.seed, "shadow") % 2**32,
        "parallelism": 2,
        "model_unblocked_syscall_latency": True,
        "log_level": "info",
        "heartbeat_interval": "10 s",
        **plan.shadow.general,
        "data_directory": str(data_directory(plan, run)),
    }
    experimental = {
        "unblocked_vdso_latency": "1 us",
        "unblocked_syscall_latency": "1 ns",
        "use_worker_spinning": False,
        **plan.shadow.experimental,
    }
    network = {**plan.shadow.network, "graph": {"type": "gml", "file": {"path": str(run / "topology.gml")}}}
    sections = {"general": general, "experimental": experimental, "network": network}
    if plan.shadow.host_option_defaults:
        sections["host_option_defaults"] = dict(plan.shadow.host_option_defaults)
    lines = [_HEAD.format(path=run / "shadow.yaml")]
    for section, options in sections.items():
        lines.append(f"{section}:")
        for key, value in options.items():
            if key in _REASONS:
                lines.append(f"  # {_REASONS[key]}")
            lines.append(f"  {_json(key) if not key.isidentifier() else key}: {_json(value)}")
    lines.append("hosts:")
    for host in plan.hosts:
        lines += [
            f"  {_json(host.name)}:",
            f"    network_node_id: {plan.topology.places[host.name]}",
            f"    ip_addr: {_json(host.address)}",
        ]
        if host.group in plan.shadow.host_options:
            lines.append(f"    host_options: {_json(plan.shadow.host_options[host.group])}")
        lines.append("    processes:")
        seen = _seen_from(host, plan, run)
        for process in host.processes:
            agent = process.argv[0] == PYTHON
            added = {TRACE_VARIABLE: trace_level, **_COMPILING} if agent else _preloading(process, libraries)
            lines += _process(process, seen, python, {**process.environment, **added})
            if process.name == MONEROD and host.node is not None:
                lines += _doors(process.spans, host.address, host.node.rpc_port, python)
    return "\n".join([*lines, ""])


def data_directory(plan: Plan, run: Path) -> Path:
    """Return the directory that Shadow creates for the output of programs."""
    return run / str(plan.shadow.general.get("data_directory", "shadow.data"))


def _seen_from(host: HostPlan, plan: Plan, run: Path) -> Path:
    """Return the run directory's path as a host's programs see it, which is the same for every run."""
    return Path(os.path.relpath(run, data_directory(plan, run) / "hosts" / host.name))


def _preloading(process: ProcessPlan, libraries: Mapping[str, str]) -> dict[str, str]:
    chosen = [path for name, path in libraries.items() if process.name == MONEROD or name == COMPAT]
    if not chosen:
        return {}
    return {"LD_PRELOAD": ":".join(filter(None, [*chosen, process.environment.get("LD_PRELOAD")]))}


def _process(process: ProcessPlan, run: Path, python: str, environment: dict[str, str]) -> list[str]:
    # No shell around a program, and its arguments as a list: SIGTERM would stop only the shell.
    lines = []
    for span in process.spans or (SpanPlan(start=process.start),):
        path, *rest = arguments(process, run, python, at=span.start)
        lines += [
            f"    - path: {_json(path)}",
            f"      args: {_json(rest)}",
            f"      environment: {_json(environment)}",
            *_times(span),
            f"      expected_final_state: {_final_state(process, span)}",
        ]
    return lines


def _times(span: SpanPlan) -> list[str]:
    lines = [f"      start_time: {_json(_time(span.start))}"]
    if span.end is not None:
        lines.append(f"      shutdown_time: {_json(_time(span.end))}")
    return [*lines, "      shutdown_signal: SIGKILL"] if span.killed else lines


def _final_state(process: ProcessPlan, span: SpanPlan) -> str:
    if span.killed:
        return "{signaled: SIGKILL}"
    return "running" if process.runs_to_end and span.end is None else "{exited: 0}"


def _doors(spans: Sequence[SpanPlan], address: str, port: int, python: str) -> Iterator[str]:
    """Have somebody answer at a daemon's port while it is away."""
    for before, after in zip_longest(spans, spans[1:]):
        if before.end is None:
            continue
        end = None if after is None else after.start - _MARGIN
        yield f"    - path: {_json(python)}"
        yield f"      args: {_json(['-I', '-S', str(_DOOR), address, str(port)])}"
        yield from _times(SpanPlan(start=before.end, end=end))
        yield f"      expected_final_state: {'running' if end is None else '{signaled: SIGTERM}'}"


def _is_away(host: HostPlan) -> bool:
    """Return whether one of a host's programs is away for a time."""
    return any(process.spans for process in host.processes)


def _time(microseconds: int) -> str:
    return f"{microseconds} us"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
