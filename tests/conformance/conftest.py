"""The services the conformance suite plays against: the model's, and Debian's monerod and monero-wallet-rpc."""

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import requests
from small_network import Line

from monerosim.model import Blockchain, Daemon, WalletServer
from monerosim.model.server import ModelServer
from monerosim.rpc.transport import Json

Post = Callable[[str, bytes], Json]
Services = tuple[Post, Post, Post]


def _load_recorder() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "record_rpc.py"
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location("record_rpc", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["record_rpc"] = module
    spec.loader.exec_module(module)
    return module


recorder = _load_recorder()


def model_services() -> Services:
    blockchain = Blockchain(seed=1, now=lambda: 10**9, network=Line(nodes=1, delay=0), difficulty=1)
    daemon = Daemon(blockchain, 0, ready_at=0, address="127.0.0.1:18081")
    miner = WalletServer(blockchain, daemon, name="miner", seed=1, ready_at=0)
    user = WalletServer(blockchain, daemon, name="user", seed=1, ready_at=0)
    server = ModelServer([(0, daemon), (0, miner), (0, user)])
    first, second, third = (_post(port) for port in server.ports)
    return first, second, third


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _post(port: int) -> Post:
    made: Post = recorder.http(f"http://127.0.0.1:{port}")
    return made


def _await(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            _post(port)("/json_rpc", b'{"jsonrpc": "2.0", "id": "0", "method": "get_version"}')
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{process.args!r} does not answer:\n{log.read_text(errors='replace')[-2000:]}")


def real_services(directory: Path) -> Iterator[Services]:
    common = ["--rpc-bind-ip", "127.0.0.1", "--rpc-ssl", "disabled", "--non-interactive"]
    ports = [_free_port() for _ in range(4)]
    daemon = [
        "monerod",
        "--regtest",
        "--keep-fakechain",
        "--fixed-difficulty",
        "1",
        "--offline",
        "--no-igd",
        "--no-zmq",
    ]
    daemon += ["--p2p-bind-ip", "127.0.0.1", "--p2p-bind-port", str(ports[3]), "--disable-dns-checkpoints"]
    daemon += ["--check-updates", "disabled", "--disable-rpc-ban", "--db-sync-mode", "fastest"]
    daemon += ["--data-dir", str(directory / "daemon")]
    commands = [daemon]
    for wallet in ("miner", "user"):
        (directory / wallet).mkdir()
        command = ["monero-wallet-rpc", "--wallet-dir", str(directory / wallet), "--disable-rpc-login"]
        command += ["--daemon-address", f"127.0.0.1:{ports[0]}", "--daemon-ssl", "disabled", "--trusted-daemon"]
        command += ["--shared-ringdb-dir", str(directory / wallet)]
        commands.append(command)
    running = []
    try:
        for number, command in enumerate(commands):
            log = directory / f"{number}.log"
            more = ["--rpc-bind-port", str(ports[number]), "--log-file", str(log)]
            output = (directory / f"{number}.out").open("wb")
            with output:
                arguments = [*command, *common, *more]
                process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
            running.append(process)
            _await(ports[number], process, directory / f"{number}.out")
        yield _post(ports[0]), _post(ports[1]), _post(ports[2])
    finally:
        for process in reversed(running):
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@pytest.fixture(scope="session", params=["model", pytest.param("real", marks=pytest.mark.real)])
def answers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Json]]:
    """What the services answer to the calls of tools/record_rpc.py, by label."""
    if request.param == "model":
        yield recorder.play(recorder.Session(*model_services()))
        return
    request.getfixturevalue("_real_programs")
    request.getfixturevalue("_no_hashes")
    for services in real_services(tmp_path_factory.mktemp("monero")):
        yield recorder.play(recorder.Session(*services))
