"""``monerosim model``: one modelled daemon and wallet over HTTP, on the wall clock."""

import signal
import threading
from time import monotonic, time

import click

from monerosim.model import Blockchain, Daemon, WalletServer
from monerosim.model.server import LOOPBACK, ModelServer
from monerosim.network.p2p import P2PNetwork
from monerosim.rpc.transport import Json
from monerosim.units import SECOND, parse_duration

_WALLET = "model"


@click.command("model")
@click.option("--node-port", type=click.IntRange(0, 65535), default=18081, show_default=True, help="0 chooses one.")
@click.option("--wallet-port", type=click.IntRange(0, 65535), default=18083, show_default=True, help="0 chooses one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Keys and hashes follow from it.")
@click.option(
    "--blocks",
    type=click.IntRange(0, 10_000),
    default=100,
    show_default=True,
    help="Blocks mined to the wallet beforehand; the first of them are spendable after 60 more.",
)
@click.option(
    "--block-time", default="120s", show_default=True, help='Time between blocks mined to the wallet; "0s" for none.'
)
def model(node_port: int, wallet_port: int, seed: int, blocks: int, block_time: str) -> None:
    """Serve a modelled monerod and a modelled monero-wallet-rpc on loopback, for wallets and pools under development.

    They speak the JSON-RPC of the real ones. The wallet is open, and owns the coins of all blocks mined so far.
    """
    try:
        interval = parse_duration(block_time) / SECOND
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--block-time") from error
    began = monotonic()
    network = P2PNetwork(seed=seed, names=["node"], links=[])
    blockchain = Blockchain(
        seed=seed,
        now=lambda: round((monotonic() - began) * SECOND),
        network=network,
        difficulty=1,
        epoch=int(time()),
    )
    daemon = Daemon(blockchain, 0, ready_at=0, address=f"{LOOPBACK}:18080")
    wallet = WalletServer(blockchain, daemon, name=_WALLET, seed=seed, ready_at=0)
    _call(wallet, "create_wallet", {"filename": _WALLET, "language": "English"})
    address = _call(wallet, "get_address", {"account_index": 0})["address"]
    if blocks:
        _call(daemon, "generateblocks", {"amount_of_blocks": blocks, "wallet_address": address})
        _call(wallet, "refresh", {})
    try:
        server = ModelServer([(node_port, daemon), (wallet_port, wallet)])
    except OSError as error:
        wanted = " or ".join(str(port) for port in (node_port, wallet_port) if port)
        raise click.ClickException(f"cannot listen on {LOOPBACK}, port {wanted}: {error.strerror}") from error
    node_port, wallet_port = server.ports
    click.echo(f"monerod            http://{LOOPBACK}:{node_port}/json_rpc")
    click.echo(f"monero-wallet-rpc  http://{LOOPBACK}:{wallet_port}/json_rpc")
    click.echo(f"height {blocks + 1}, wallet {address}")
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    while not stopped.wait(interval or None):
        with server.lock:
            _call(daemon, "generateblocks", {"amount_of_blocks": 1, "wallet_address": address})


def _call(service: Daemon | WalletServer, method: str, params: dict[str, Json]) -> dict[str, Json]:
    answer = service.post("/json_rpc", {"jsonrpc": "2.0", "id": "0", "method": method, "params": params})
    result = answer.get("result") if isinstance(answer, dict) else None
    if not isinstance(result, dict):
        raise click.ClickException(f"{method}: {answer}")
    return result
