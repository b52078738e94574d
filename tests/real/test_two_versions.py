"""Two versions of monerod in one network: whether a node's own payments are fluffed where they are made.

In fluff epochs of Dandelion++ 0.18.0.0 fluffs them at the origin, and from 0.18.2.0 on they are stems as well (pull
request 8627). The second monerod is named by an environment variable, since a machine has seldom two.
"""

import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from real_network import wait_until
from second_monerod import second_monerod

from monerosim.build.processes import arguments, host_processes
from monerosim.plan.plan import ConsensusPlan, HostPlan, NodePlan, WalletPlan
from monerosim.rpc.errors import RpcError
from monerosim.testing.services import Node, Wallet
from monerosim.units import SECOND

PAYMENTS = 4
STARTS = 80
"""An epoch in five is a fluff one: that none of so many is comes once in 57 million."""

FLUFF, STEM = "Starting new Dandelion++ epoch: fluff", "Starting new Dandelion++ epoch: stem"
SENT, QUEUED = "using Dandelion++ stem", "for Dandelion++ fluffing"

pytestmark = pytest.mark.timeout(1800)


class Pair:
    """A node of each version, connected with each other and with two more, and a wallet at each of the two."""

    def __init__(self, directory: Path, second: str, ending: ExitStack) -> None:
        self._directory = directory
        self._ending = ending
        names = ("old", "new", "relay-1", "relay-2")
        self._hosts = {
            name: HostPlan(
                name=name,
                group=name,
                address=f"127.2.1.{number}",
                uses_node=name,
                node=NodePlan(
                    p2p_port=18_080,
                    rpc_port=18_081,
                    start=0,
                    ready_after=0,
                    peers=tuple(other for other in names if other != name),
                    binary=second if name == "new" else "monerod",
                ),
                wallets=(WalletPlan(name="wallet", rpc_port=18_082, start=0, ready_after=0, node=name),)
                if name in {"old", "new"}
                else (),
                agent_start=0,
            )
            for number, name in enumerate(names, start=1)
        }
        self._running: dict[str, subprocess.Popen] = {}
        self.nodes = {name: Node(name, f"http://{host.address}:18081") for name, host in self._hosts.items()}

    def log(self, name: str) -> str:
        files = sorted((self._directory / "hosts" / name).glob("monerod.log*"))
        return "".join(file.read_text(errors="replace") for file in files)

    def start(self, name: str, program: str = "monerod") -> None:
        consensus = ConsensusPlan(block_time=120 * SECOND, difficulty=1, block_arrivals="fixed")
        planned = host_processes(self._hosts[name], consensus, self._hosts, messages=True)
        process = next(process for process in planned if process.name == program)
        (self._directory / "hosts" / name / "wallet").mkdir(parents=True, exist_ok=True)
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started = subprocess.Popen(arguments(process, self._directory, "python"), **quiet)
        self._running[f"{name} {program}"] = started
        self._ending.callback(self.stop, name, program)

    def stop(self, name: str, program: str = "monerod") -> None:
        process = self._running.pop(f"{name} {program}", None)
        if process is not None:
            process.terminate()
            process.wait(60)

    def start_in_fluff_epoch(self, name: str) -> None:
        """Start a node again and again, until its first epoch is a fluff one."""
        for _ in range(STARTS):
            self.start(name)
            wait_until(lambda: FLUFF in self.log(name) or STEM in self.log(name))
            if FLUFF in self.log(name):
                return
            self.stop(name)
            shutil.rmtree(self._directory / "hosts" / name)
        raise AssertionError(f"{name} began no fluff epoch")

    def wallet(self, name: str) -> Wallet:
        self.start(name, "wallet")
        wallet = Wallet(name, f"http://{self._hosts[name].address}:18082", self.nodes[name])
        wait_until(lambda: answers(lambda: wallet.rpc.get_version() > 0))
        wallet.create()
        return wallet

    def told(self, name: str) -> bool:
        """Whether all peers that a node dialled have told it a height as high as its own: only then they get stems."""
        own = self.nodes[name].height
        there = self.nodes[name].call("get_connections").get("connections", [])
        heights = [peer["height"] for peer in there if not peer["incoming"]]
        return len(heights) == 3 and min(heights) >= own


def answers(ask) -> bool:
    try:
        return bool(ask())
    except RpcError:
        return False


def test_own_payments_in_fluff_epochs_are_fluffed_at_the_origin_by_the_older_version_alone(tmp_path, record_property):
    second, version = second_monerod()
    assert version >= (0, 18, 2, 0)
    with ExitStack() as ending:
        pair = Pair(tmp_path, second, ending)
        for name in ("relay-1", "relay-2"):
            pair.start(name)
        for name in ("old", "new"):
            pair.start_in_fluff_epoch(name)
        for node in pair.nodes.values():
            wait_until(lambda node=node: answers(lambda: node.rpc.get_info().outgoing_connections_count == 3))
        wallets = {name: pair.wallet(name) for name in ("old", "new")}
        for wallet in (*wallets.values(), *[wallets["old"]] * 8):
            pair.nodes["relay-1"].rpc.generateblocks(10, wallet.address)
        height = pair.nodes["relay-1"].height
        for name, wallet in wallets.items():
            wait_until(lambda name=name: answers(lambda: pair.nodes[name].height == height))
            wallet.rpc.refresh()
            wait_until(lambda name=name: answers(lambda: pair.told(name)))
        shares = {}
        for number, (name, wallet) in enumerate(wallets.items()):
            node = pair.nodes[name].rpc
            # What the others have sent has come, so what is queued from now on is the node's own first.
            wait_until(lambda node=node, number=number: node.get_info().tx_pool_size == number * PAYMENTS)
            before = {line: pair.log(name).count(line) for line in (SENT, QUEUED)}
            for _ in range(PAYMENTS):
                wallet.pay(wallet, "0.1 XMR")
            wait_until(
                lambda name=name, before=before: any(
                    pair.log(name).count(line) >= count + PAYMENTS for line, count in before.items()
                )
            )
            shares[name] = 1 - (pair.log(name).count(SENT) - before[SENT]) / PAYMENTS
        for name in shares:
            assert STEM not in pair.log(name), "an epoch was over before the payments were made"
        print("own payments fluffed at the origin in fluff epochs:", shares)  # noqa: T201  (the figure)
        record_property("fluffed_at_origin", str(shares))
        assert shares == {"old": 1.0, "new": 0.0}
