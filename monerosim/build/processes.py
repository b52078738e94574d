"""The real programs of a host: monerod, monero-wallet-rpc and the agent, with their arguments.

The arguments are those with which an unmodified Monero 0.18 runs on regtest, on loopback and under Shadow (measured).
Releases differ in their flags, so :mod:`monerosim.build.binaries` checks them before a run relies on them.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from monerosim.config import load_config
from monerosim.monero.weights import POOL_WEIGHT
from monerosim.plan.flags import with_own
from monerosim.plan.plan import (
    ActorPlan,
    ConsensusPlan,
    HostPlan,
    NodePlan,
    ProcessPlan,
    ProcessUpgradePlan,
    WalletPlan,
)
from monerosim.plan.roles import SCRIPT
from monerosim.plan.scripts import ScriptConfig

RUN = "{run}"
"""Placeholder of the run directory in arguments."""

PLAN = "plan.json"
"""The plan's name in the run directory."""

PYTHON = "{python}"
"""Placeholder of the Python interpreter that has monerosim installed."""

MONEROD = "monerod"
"""The name of a node's process."""

AGENT = "agent"
"""The name of the process with a host's actors."""

SCRIPT_RUNNER = "monerosim.engines.script"
"""The module that runs a script."""

COMMAND = "--"
"""Of the arguments of a script's process, the one before its command."""

NODE_VARIABLE = "MONEROSIM_NODE"
WALLET_VARIABLE = "MONEROSIM_WALLET"
PARTICIPANT_VARIABLE = "MONEROSIM_PARTICIPANT"
"""Environment variables of a script: the RPC addresses of its node and its wallet, and the participant's name."""

_DAEMON = {"MALLOC_ARENA_MAX": "1", "TZ": "UTC"}
"""One malloc arena per process instead of one per thread, as the daemons' memory limits the size of a run; and UTC, so
that the times in logs can be read back."""

AGENT_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONSAFEPATH": "1"}
"""A fixed order of sets, should a library iterate over one; and no modules from the working directory, whose path
would have an effect on the run (under Shadow, of microseconds)."""

_CONNECTIONS_PER_ADDRESS = "8"
"""With monerod's default of 1, nodes that dial each other refuse ("too many connections from the same address")."""

_NOBODY = 1
"""The port, of its own address, that a node dials which only others dial: nothing listens there. With ``--offline`` it
would not listen itself, and without any exclusive node it would look for Monero's real network."""

_RPC_CONNECTIONS = "1000"
"""A node may serve the wallets and agents of many participants; the defaults are 3 per address and 100 in all."""


_LOGGED = "0,blockchain:INFO,txpool:INFO,net.p2p:INFO"
"""When the node first had each block and each transaction, the result of a reorganisation, and its connections: what
monerosim/engines/daemon_log.py reads."""

_LOGGED_MESSAGES = "net.p2p.msg:INFO,net.p2p.tx:DEBUG"
"""Each message with a block or transactions, and Dandelion++ (monerosim/engines/message_log.py)."""


def host_processes(
    host: HostPlan, consensus: ConsensusPlan, hosts: Mapping[str, HostPlan], *, messages: bool = False
) -> tuple[ProcessPlan, ...]:
    """Return the programs of a host, in the order in which they start.

    Args:
        host: The host.
        consensus: For the difficulty.
        hosts: All hosts by name, for the addresses of peers and nodes.
        messages: Whether the node logs messages as well.
    """
    processes = []
    if host.node is not None:
        peers = [f"{hosts[name].address}:{_node(hosts[name]).p2p_port}" for name in host.node.peers]
        if not peers and any(other.node is not None and host.name in other.node.peers for other in hosts.values()):
            peers = [f"{host.address}:{_NOBODY}"]
        processes.append(_monerod(host, host.node, consensus, peers, messages=messages))
    for wallet in host.wallets:
        owner = hosts[wallet.node]
        processes.append(_wallet_rpc(host, wallet, f"{owner.address}:{_node(owner).rpc_port}"))
    processes.append(
        ProcessPlan(
            name=AGENT,
            argv=(PYTHON, "-m", "monerosim.agent", "--plan", f"{RUN}/{PLAN}", "--host", host.name),
            start=host.agent_start,
            runs_to_end=False,
            environment=AGENT_ENVIRONMENT,
        )
    )
    processes += [_script(host, actor, hosts) for actor in host.actors if actor.role == SCRIPT]
    return tuple(processes)


def arguments(process: ProcessPlan, run: Path, python: str, *, at: int = 0) -> list[str]:
    """Return a program's arguments with the placeholders of run directory and interpreter filled in.

    Args:
        process: The program.
        run: The run directory.
        python: The interpreter.
        at: When it is started, microseconds since the run's start: after its upgrade it is another program.
    """
    upgrade = process.upgrade
    argv = process.argv if upgrade is None or at < upgrade.at else upgrade.argv
    return [part.replace(RUN, str(run)).replace(PYTHON, python) for part in argv]


def _node(host: HostPlan) -> NodePlan:
    if host.node is None:
        raise ValueError(f"{host.name} has no node")
    return host.node


def _monerod(
    host: HostPlan, node: NodePlan, consensus: ConsensusPlan, peers: list[str], *, messages: bool
) -> ProcessPlan:
    here = f"{RUN}/hosts/{host.name}"
    usual = [
        f"--data-dir={here}/monerod",
        f"--log-file={here}/monerod.log",
        "--regtest",
        "--keep-fakechain",
        f"--fixed-difficulty={consensus.difficulty}",
        f"--p2p-bind-ip={host.address}",
        f"--p2p-bind-port={node.p2p_port}",
        f"--rpc-bind-ip={host.address}",
        f"--rpc-bind-port={node.rpc_port}",
        "--confirm-external-bind",
        "--disable-rpc-ban",
        "--rpc-ssl=disabled",
        f"--rpc-max-connections={_RPC_CONNECTIONS}",
        f"--rpc-max-connections-per-public-ip={_RPC_CONNECTIONS}",
        f"--rpc-max-connections-per-private-ip={_RPC_CONNECTIONS}",
        f"--log-level={_LOGGED},{_LOGGED_MESSAGES}" if messages else f"--log-level={_LOGGED}",
        "--no-igd",
        "--no-zmq",
        "--non-interactive",
        "--check-updates=disabled",
        "--disable-dns-checkpoints",
        "--allow-local-ip",
        f"--max-connections-per-ip={_CONNECTIONS_PER_ADDRESS}",
        "--max-concurrency=1",
        "--db-sync-mode=fastest",
        # Exclusive nodes, because otherwise monerod asks DNS seeds for Monero's real network.
        *(f"--add-exclusive-node={peer}" for peer in peers),
    ]
    usual += [] if consensus.pool_weight == POOL_WEIGHT else [f"--max-txpool-weight={consensus.pool_weight}"]
    # A node without peers must not look for the real network either.
    usual += [] if peers else ["--offline"]
    process, upgrade = _service(MONEROD, node, usual), node.upgrade
    if upgrade is None or not upgrade.binary:
        return process
    argv = (upgrade.binary, *process.argv[1:])
    return msgspec.structs.replace(
        process, upgrade=ProcessUpgradePlan(at=upgrade.at, argv=argv, version=upgrade.version)
    )


def _wallet_rpc(host: HostPlan, wallet: WalletPlan, daemon: str) -> ProcessPlan:
    here = f"{RUN}/hosts/{host.name}"
    usual = [
        f"--wallet-dir={here}/{wallet.name}",
        f"--log-file={here}/{wallet.name}.log",
        f"--daemon-address={daemon}",
        "--daemon-ssl=disabled",
        "--trusted-daemon",
        f"--rpc-bind-ip={host.address}",
        f"--rpc-bind-port={wallet.rpc_port}",
        "--confirm-external-bind",
        "--disable-rpc-login",
        "--rpc-ssl=disabled",
        # Wallets that share a ring database wait for one another.
        f"--shared-ringdb-dir={here}/{wallet.name}-ringdb",
        "--no-dns",
        "--non-interactive",
    ]
    return _service(wallet.name, wallet, usual)


def _script(host: HostPlan, actor: ActorPlan, hosts: Mapping[str, HostPlan]) -> ProcessPlan:
    named = {PARTICIPANT_VARIABLE: host.name}
    if host.uses_node is not None:
        owner = hosts[host.uses_node]
        named[NODE_VARIABLE] = f"{owner.address}:{_node(owner).rpc_port}"
    for wallet in host.wallets:
        named[WALLET_VARIABLE] = f"{host.address}:{wallet.rpc_port}"
    command = load_config(actor.config, ScriptConfig).command
    runner = (PYTHON, "-P", "-m", SCRIPT_RUNNER, "--run", RUN, "--host", host.name, "--script", actor.name)
    return ProcessPlan(
        name=actor.name,
        argv=(*runner, COMMAND, *command),
        start=actor.start,
        runs_to_end=False,
        # Not PYTHONSAFEPATH: a script finds the modules beside it.
        environment={"PYTHONHASHSEED": "0", **named},
    )


def _service(name: str, service: NodePlan | WalletPlan, usual: Sequence[str]) -> ProcessPlan:
    return ProcessPlan(
        name=name,
        argv=(service.binary, *with_own(usual, service.flags)),
        start=service.start,
        runs_to_end=True,
        environment=_DAEMON,
        flags=service.flags,
    )
