"""A real monerod that is spared the hash, beside one that computes it: they agree on every block."""

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from tenacity import retry, stop_after_delay, wait_fixed

from monerosim.build.compat import PROOF_OF_WORK, built_library, takes_randomx_from_library
from monerosim.rpc.client import RpcClient
from monerosim.rpc.http import HttpTransport
from monerosim.rpc.node import NodeRpc

MINER = "42ey1afDFnn4886T7196doS9GPMzexD9gXpsZJDwVjeRVdFCSoHnv7KPbBeGpzJBzHRCAs9UxqeoyFQMYbqSWYTfJJQAWDm"
ADDRESSES = ("127.1.201.1", "127.1.201.2")

pytestmark = pytest.mark.usefixtures("c_compiler")


@contextmanager
def node(folder, address, peer, environment):
    arguments = [
        *(f"--data-dir={folder / address}", "--regtest", "--keep-fakechain", "--fixed-difficulty=1"),
        *(f"--p2p-bind-ip={address}", f"--rpc-bind-ip={address}", "--confirm-external-bind", "--rpc-ssl=disabled"),
        *(f"--add-exclusive-node={peer}:18080", "--no-igd", "--no-zmq", "--non-interactive", "--allow-local-ip"),
        *("--check-updates=disabled", "--disable-dns-checkpoints", "--disable-rpc-ban"),
    ]
    command = ["monerod", *arguments]
    # The other tests' monerods are all spared the hash.
    environment = {**{name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}, **environment}
    process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        yield process, NodeRpc(RpcClient(HttpTransport(address, f"http://{address}:18081"), time))
    finally:
        process.terminate()
        process.wait()


@retry(stop=stop_after_delay(120), wait=wait_fixed(0.2), reraise=True)
def connected(rpc):
    info = rpc.get_info()
    assert info.incoming_connections_count + info.outgoing_connections_count > 0
    assert info.synchronized


@retry(stop=stop_after_delay(120), wait=wait_fixed(0.2), reraise=True)
def at_tip(rpc, block):
    assert rpc.get_info().top_block_hash == block


def resident(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_a_node_without_the_hash_and_one_with_it_agree_on_every_block(tmp_path):
    if not takes_randomx_from_library(Path(shutil.which("monerod"))):
        pytest.skip("this monerod has RandomX built in, so it cannot be spared the hash")
    first, second = ADDRESSES
    spared = {"LD_PRELOAD": str(built_library(PROOF_OF_WORK))}
    with node(tmp_path, first, second, spared) as (without, one), node(tmp_path, second, first, {}) as (with_it, other):
        connected(one)
        connected(other)
        made = one.generateblocks(20, MINER).blocks
        at_tip(other, made[-1])
        made += other.generateblocks(20, MINER).blocks
        at_tip(one, made[-1])
        assert [one.on_get_block_hash(height) for height in range(1, 41)] == made
        # The cache of RandomX alone has 256 MiB.
        assert resident(without) < 2**27 < 2**28 < resident(with_it)
