"""Flags of monerod and monero-wallet-rpc: required, optional, and open to scenarios."""

from collections.abc import Sequence

OPTIONAL_FLAGS = {
    "--allow-local-ip": "private addresses are not passed on to other nodes; peers are given by the plan anyway",
    "--check-updates": "it may look for updates by DNS, which changes nothing in a run",
    "--daemon-ssl": "the default finds out whether the daemon speaks TLS",
    "--db-sync-mode": "its database is written more carefully, which takes longer",
    "--disable-dns-checkpoints": "it may look for checkpoints by DNS, and finds none for a chain of its own",
    "--disable-rpc-ban": "it may shut out an agent that calls it wrongly again and again",
    "--max-concurrency": "it starts a thread a core, which takes more memory",
    "--max-connections-per-ip": "one of the two connections between nodes that dial each other is refused",
    "--no-dns": "it may ask DNS, which nothing depends on",
    "--no-igd": "it may look for a router's port mapping, or is a release that no longer can",
    "--no-zmq": "it is a release without ZMQ, or its ZMQ server listens on the default port of 127.0.0.1",
    "--rpc-max-connections": "it is a release without such a limit",
    "--rpc-max-connections-per-private-ip": "it is a release without such a limit",
    "--rpc-max-connections-per-public-ip": "it is a release without such a limit",
    "--rpc-ssl": "the default takes plain HTTP too",
    "--shared-ringdb-dir": "it uses the ring database of the user's home directory, if it has one",
}
"""Default flags that a program need not know, and the consequence of leaving each out. All others are essential."""

ADD_IF_SUPPORTED = ("--allow-mismatched-daemon-version",)
"""Flags that a program gets if it knows them. On regtest all hard forks activate in the first blocks; wallets newer
than 0.18.0 compare the heights of the hard forks with mainnet's and refuse such a daemon without this flag, which older
wallets lack (tests/functional_tests/functional_tests_rpc.py in monero uses it)."""

RESERVED = {
    "--add-exclusive-node": "peers are chosen by network.connections",
    "--add-priority-node": "peers are chosen by network.connections; beside exclusive nodes it has no effect",
    "--config-file": "its flags would not be checked: give them in flags",
    "--confirm-external-bind": "it is set already",
    "--daemon-address": "set the participant's node",
    "--daemon-host": "set the participant's node",
    "--daemon-login": "the nodes ask for none",
    "--daemon-port": "set the participant's node",
    "--daemon-ssl": "the nodes speak plain HTTP",
    "--data-dir": "it is in the run directory",
    "--detach": "the engine watches the process that it starts",
    "--disable-rpc-login": "it is set already",
    "--fixed-difficulty": "set consensus.difficulty",
    "--generate-from-json": "the wallet's actor makes the wallet",
    "--help": "the program would print a text and end",
    "--keep-fakechain": "it is set already",
    "--log-file": "it is in the run directory",
    "--non-interactive": "it is set already",
    "--os-version": "the program would print a text and end",
    "--p2p-bind-ip": "each host has an address of its own",
    "--p2p-bind-port": "each host has an address of its own",
    "--regtest": "it is set already",
    "--restricted-rpc": "the agents could not have it make blocks; --rpc-restricted-bind-port opens a second port",
    "--rpc-bind-ip": "each host has an address of its own",
    "--rpc-bind-port": "each host has an address of its own",
    "--rpc-login": "the agents do not log in",
    "--rpc-ssl": "the agents speak plain HTTP",
    "--seed-node": "peers are chosen by network.connections; beside exclusive nodes it has no effect",
    "--shared-ringdb-dir": "it is in the run directory",
    "--stagenet": "runs are on regtest",
    "--start-mining": "blocks come from miners and a block controller",
    "--testnet": "runs are on regtest",
    "--version": "the program would print a text and end",
    "--wallet-dir": "it is in the run directory",
    "--wallet-file": "the wallet's actor makes the wallet",
}
"""Flags that a scenario cannot set, because actors and engines rely on them, and the alternative to each."""

_REPEATABLE = {"--add-peer", "--anonymous-inbound", "--rpc-ssl-allowed-fingerprints", "--tx-proxy", "--zmq-pub"}
"""Flags that may be given more than once (``std::vector`` descriptors in src/p2p/net_node.cpp,
src/rpc/rpc_args.cpp and src/daemon/command_line_args.h); a program stops at any other one given twice."""

_YIELDING = {"--no-igd": "--igd", "--no-zmq": "--zmq-"}
"""Default flags that would override a scenario's own flags, by the beginning of these."""


def flag_name(argument: str) -> str:
    """Return the flag's name in an argument: ``--log-level`` of ``--log-level=1``."""
    return argument.partition("=")[0]


def flag_value(argument: str) -> str:
    """Return the value in an argument: ``1`` of ``--log-level=1``; an empty text if it has none."""
    return argument.partition("=")[2]


def repeatable(name: str) -> bool:
    """Return whether a flag may be given more than once."""
    return name in _REPEATABLE


def with_own(usual: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    """Return the usual flags with a scenario's own, which replace those of the same name.

    Args:
        usual: Arguments such as ``--no-igd`` and ``--db-sync-mode=fastest``.
        own: The same, from the scenario.
    """
    names = {flag_name(flag) for flag in own}
    kept = [
        flag
        for flag in usual
        if flag_name(flag) not in names and not any(name.startswith(_YIELDING.get(flag, "=")) for name in names)
    ]
    return (*kept, *own)
