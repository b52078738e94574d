"""Programs that print a help text as Monero's do, and count how often they are asked."""

from pathlib import Path

MONEROD = [
    *("--data-dir arg (=~/.bitmonero)", "--log-file arg", "--log-level arg", "--regtest", "--keep-fakechain"),
    *("--fixed-difficulty arg (=0)", "--p2p-bind-ip arg (=0.0.0.0)", "--p2p-bind-port arg", "--rpc-bind-ip arg"),
    *("--rpc-bind-port arg", "--confirm-external-bind", "--disable-rpc-ban", "--rpc-ssl arg (=autodetect)"),
    *("--rpc-max-connections arg (=100)", "--rpc-max-connections-per-public-ip arg (=3)", "--no-igd", "--no-zmq"),
    *("--rpc-max-connections-per-private-ip arg (=25)", "--non-interactive", "--check-updates arg (=notify)"),
    *("--disable-dns-checkpoints", "--allow-local-ip", "--max-connections-per-ip arg (=1)", "--max-concurrency arg"),
    *("--db-sync-mode arg", "--add-exclusive-node arg", "--offline", "--zmq-pub arg", "--tune [=arg(=1)]"),
]
WALLET = [
    *("--wallet-dir arg", "--log-file arg", "--log-level arg", "--daemon-address arg", "--daemon-ssl arg"),
    *("--trusted-daemon", "--rpc-bind-ip arg", "--rpc-bind-port arg", "--confirm-external-bind", "--no-dns"),
    *("--disable-rpc-login", "--rpc-ssl arg", "--shared-ringdb-dir arg", "--non-interactive"),
]


def without(flags: list[str], *names: str) -> list[str]:
    return [flag for flag in flags if flag.split()[0] not in names]


def fake(path: Path, flags: list[str], version: str = "0.18.3.4-release") -> Path:
    """Write a program; the file beside it, ``NAME.asked``, has a line for each time it was run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    described = "".join(
        f"  {flag}\n" + " " * 40 + "launched with --testnet flag, see\n" + " " * 40 + "--hidden.\n" for flag in flags
    )
    path.write_text(
        f"#!/bin/sh\necho asked >> '{path}.asked'\ncat <<'END'\nMonero 'Fluorine Fermi' (v{version})\n\n"
        f"Usage: {path.name} [options]\n\nOptions:\n{described}END\n"
    )
    path.chmod(0o755)
    return path
