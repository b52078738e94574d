"""What a scenario may say of the programs without being asked: names of programs, and flags known to be harmless.

A scenario may come from a stranger. A flag of these lists starts no program, opens no port beyond loopback, connects to
nobody outside the run, and reads and writes nothing outside the run directory.
"""

import re
from collections.abc import Mapping

NODE = "node"
WALLET = "wallet"

_BOTH = {
    "--disable-rpc-ban": "it does not shut out clients that call it wrongly",
    "--log-level": "what its log has",
    "--max-concurrency": "its threads for one task",
    "--max-log-file-size": "the size of a log file",
    "--max-log-files": "the number of log files",
    "--rpc-max-connections": "RPC connections in all",
    "--rpc-max-connections-per-private-ip": "RPC connections from a private address",
    "--rpc-max-connections-per-public-ip": "RPC connections from a public address",
    "--rpc-response-soft-limit": "bytes of answers that may wait to be sent",
}

HARMLESS: Mapping[str, Mapping[str, str]] = {
    NODE: {
        **_BOTH,
        "--allow-local-ip": "private addresses are passed on to other nodes",
        "--block-download-max-size": "the size of the queue of blocks while it synchronises",
        "--block-sync-size": "blocks in a request while it synchronises",
        "--db-salvage": "it repairs its database",
        "--db-sync-mode": "how carefully its database is written",
        "--disable-dns-checkpoints": "it asks for no checkpoints by DNS",
        "--fast-block-sync": "it takes hashes of blocks that are built in",
        "--fluffy-blocks": "the default",
        "--hide-my-port": "no other node dials it",
        "--in-peers": "the most incoming connections",
        "--keep-alt-blocks": "it keeps alternative blocks over a restart",
        "--limit-rate": "kilobytes a second, up and down",
        "--limit-rate-down": "kilobytes a second, down",
        "--limit-rate-up": "kilobytes a second, up",
        "--max-connections-per-ip": "connections from an address",
        "--max-txpool-weight": "the weight of its txpool",
        "--no-fluffy-blocks": "it sends blocks with their transactions",
        "--no-igd": "it asks no router for a port",
        "--no-sync": "it does not synchronise",
        "--no-zmq": "no ZMQ server",
        "--offline": "it has no peers",
        "--out-peers": "its outgoing connections",
        "--p2p-external-port": "the port that it tells its peers",
        "--pad-transactions": "transactions are relayed with padding",
        "--prep-blocks-threads": "its threads that hash blocks",
        "--prune-blockchain": "it keeps an eighth of the signatures",
        "--rpc-restricted-bind-port": "a second RPC port, on 127.0.0.1",
        "--show-time-stats": "its log has how long blocks take",
        "--sync-pruned-blocks": "it takes pruned blocks from its peers",
        "--test-dbg-lock-sleep": "it sleeps around its locks",
        "--test-drop-download": "it drops the blocks that it downloads",
        "--test-drop-download-height": "the same, from a height on",
        "--tos-flag": "its packets' type of service",
    },
    WALLET: {
        **_BOTH,
        "--allow-mismatched-daemon-version": "it takes a daemon of another version",
        "--kdf-rounds": "rounds that make a key of its password",
        "--no-dns": "it asks no DNS",
        "--no-initial-sync": "it does not synchronise before it answers",
        "--trusted-daemon": "the default here",
        "--untrusted-daemon": "it asks its daemon for less",
    },
}
"""Flags that a scenario may set, by program, and what each does (``--help`` of 0.18.0.0 and later)."""

_LISTENS = "it may listen beyond loopback"
_CONNECTS = "it may connect to somebody outside the run"
_RUNS = "it starts a program"
_FILES = "it reads or writes a file of its choice"
_RPC = "the agents may be kept from calling it"
_MINES = "it mines on this machine's processors"
_DEVICE = "it uses a device"

RISKY: Mapping[str, str] = {
    **dict.fromkeys(("--block-notify", "--reorg-notify", "--block-rate-notify", "--tx-notify"), _RUNS),
    **dict.fromkeys(
        (
            *("--p2p-bind-ipv6-address", "--p2p-bind-port-ipv6", "--p2p-ignore-ipv4", "--p2p-use-ipv6"),
            *("--public-node", "--anonymous-inbound", "--rpc-access-control-origins", "--rpc-bind-ipv6-address"),
            *("--rpc-ignore-ipv4", "--rpc-restricted-bind-ip", "--rpc-restricted-bind-ipv6-address", "--rpc-use-ipv6"),
            *("--zmq-pub", "--zmq-rpc-bind-ip", "--zmq-rpc-bind-port"),
        ),
        _LISTENS,
    ),
    **dict.fromkeys(
        (
            *("--add-peer", "--bitmessage-address", "--bitmessage-login", "--bootstrap-daemon-address"),
            *("--bootstrap-daemon-login", "--bootstrap-daemon-proxy", "--check-updates", "--enable-dns-blocklist"),
            *("--enforce-dns-checkpointing", "--igd", "--proxy", "--proxy-allow-dns-leaks", "--tx-proxy"),
        ),
        _CONNECTS,
    ),
    **dict.fromkeys(
        (
            *("--ban-list", "--daemon-ssl-ca-certificates", "--daemon-ssl-certificate", "--daemon-ssl-private-key"),
            *("--extra-entropy", "--extra-messages-file", "--password-file", "--pidfile", "--rpc-ssl-ca-certificates"),
            *("--rpc-ssl-certificate", "--rpc-ssl-private-key"),
        ),
        _FILES,
    ),
    **dict.fromkeys(
        (
            *("--daemon-ssl-allow-any-cert", "--daemon-ssl-allow-chained", "--daemon-ssl-allowed-fingerprints"),
            *("--password", "--prompt-for-password", "--rpc-client-secret-key", "--rpc-payment-address"),
            *("--rpc-payment-allow-free-loopback", "--rpc-payment-credits", "--rpc-payment-difficulty"),
            *("--rpc-ssl-allow-any-cert", "--rpc-ssl-allow-chained", "--rpc-ssl-allowed-fingerprints"),
        ),
        _RPC,
    ),
    **dict.fromkeys(
        (
            *("--bg-mining-enable", "--bg-mining-idle-threshold", "--bg-mining-ignore-battery"),
            *("--bg-mining-min-idle-interval", "--bg-mining-miner-target", "--mining-threads"),
        ),
        _MINES,
    ),
    **dict.fromkeys(("--hw-device", "--hw-device-deriv-path"), _DEVICE),
    "--offline": "a wallet would have no daemon",
}
"""Flags of either program that a scenario may not set unless the user allows them, and why."""

MODELLED = frozenset(
    {
        *("--hide-my-port", "--in-peers", "--limit-rate", "--limit-rate-down", "--limit-rate-up", "--offline"),
        "--out-peers",
    }
)
"""Flags of monerod that decide on the network of the plan, so that every engine heeds them."""

_USUAL_NAMES = {NODE: re.compile(r"monerod[\w.+-]*"), WALLET: re.compile(r"monero-wallet-rpc[\w.+-]*")}


def usual_program(name: str, service: str) -> bool:
    """Return whether a program's name is one on PATH that begins as Monero's does: ``monerod-0.18.4``."""
    return _USUAL_NAMES[service].fullmatch(name) is not None
