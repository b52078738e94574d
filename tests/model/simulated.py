"""A small modelled network whose clock a test moves by hand."""

from collections.abc import Callable

from small_network import Line

from monerosim.model import Blockchain, Daemon, WalletServer
from monerosim.model.records import Output, Transaction
from monerosim.network.relay import Peer
from monerosim.units import SECOND


class RefusedError(Exception):
    """A service answered an error."""

    def __init__(self, error: dict) -> None:
        super().__init__(error["message"])
        self.code = error["code"]


def ask(service, method: str, **params):
    answer = service.post("/json_rpc", {"jsonrpc": "2.0", "id": "0", "method": method, "params": params})
    if "error" in answer:
        raise RefusedError(answer["error"])
    return answer["result"]


class Pair(Line):
    """Two nodes, the first of which dialled the second."""

    def peers(self, node):
        return [Peer(1 - node, incoming=node == 1)]


class Simulated:
    """A blockchain, and at each node a daemon and a wallet with a file. ``more`` goes to the blockchain."""

    def __init__(self, nodes: int = 2, delay: int = SECOND, make: Callable[[int, int], Line] = Line, **more) -> None:
        self.time = 0
        self.reorganisations = []
        options = {"difficulty": 1, **more}
        self.blockchain = Blockchain(seed=7, now=lambda: self.time, network=make(nodes, delay), **options)
        self.blockchain.sightings.on_reorganisation = self.reorganisations.append
        self.daemons = [
            Daemon(self.blockchain, node, ready_at=0, address=f"10.0.0.{node}:18081") for node in range(nodes)
        ]
        for daemon in self.daemons:
            daemon.meet(self.daemons)
        self.wallets = [
            WalletServer(self.blockchain, daemon, name=f"wallet-{node}", seed=7, ready_at=0)
            for node, daemon in enumerate(self.daemons)
        ]
        for wallet in self.wallets:
            ask(wallet, "create_wallet", filename="main", language="English")
        self.addresses = [ask(wallet, "get_address")["address"] for wallet in self.wallets]

    def mine(self, node: int = 0, count: int = 1, to: int | None = None, prev_block: str = "") -> list[str]:
        address = self.addresses[node if to is None else to]
        mined = ask(
            self.daemons[node], "generateblocks", amount_of_blocks=count, wallet_address=address, prev_block=prev_block
        )
        return mined["blocks"]

    def pass_time(self, microseconds: int = 10 * SECOND) -> None:
        self.time += microseconds

    def pay(self, source: int, target: int, amount: int, **more):
        destinations = [{"address": self.addresses[target], "amount": amount}]
        return ask(self.wallets[source], "transfer", destinations=destinations, **more)

    def hand(self, identity: bytes, coin: Output, weight: int, fee: int, node: int = 0) -> Transaction:
        """Hand a node a transaction made by hand, which spends a coin and has sixteen outputs."""
        transaction = Transaction(identity, (coin,), fee, weight, "")
        self.blockchain.owners.make_outputs(transaction, [(bytes(64), 1)] * 16)
        assert self.daemons[node].accept(transaction, relay=True) == ""
        return transaction

    def refresh(self) -> None:
        for wallet in self.wallets:
            ask(wallet, "refresh")

    def balance(self, node: int) -> tuple[int, int]:
        found = ask(self.wallets[node], "get_balance")
        return found["balance"], found["unlocked_balance"]

    def tips(self) -> list:
        return [daemon.view().tip for daemon in self.daemons]

    def confirmed(self, wallet, tip) -> int:
        """What a wallet's file holds on the chain of a tip, locked or not."""
        chain = (self.blockchain.chain.at(tip, height) for height in range(tip.height + 1))
        touches = [block.touches[wallet.owner] for block in chain if wallet.owner in block.touches]
        received = sum(output.amount for touch in touches for output in touch.received)
        return received - sum(output.amount for touch in touches for output in touch.spent)

    def supply(self, tip) -> int:
        """The coins that the miners of a tip's chain created."""
        return tip.generated - self.blockchain.chain.main[0].generated
