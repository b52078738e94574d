"""What once ended a check with a traceback, or a run without an end, is refused with its place."""

import pytest
from click.testing import CliRunner

from monerosim.build.compile import compile_plan
from monerosim.cli import main
from monerosim.plugins import PluginError, PluginFiles
from monerosim.scenario.load import examine

CONTROLLER = '[participants.controller]\nkind = "block-controller"\n'
MINER = f'[participants.z]\nkind = "mining-pool"\nhashrate = 100\n{CONTROLLER}'
AUTONOMOUS = '[participants.z]\nkind = "autonomous-miner"\n'
USERS = f'{MINER}[participants.user]\nkind = "regular-user"\ncount = 2\nwallet = {{ initial_balance = "1 XMR" }}\n'
HASHRATE = "participants.z.hashrate"

REFUSED = {
    "no hashrate": (AUTONOMOUS, HASHRATE, "is missing"),
    "hashrate of 0": (f"{AUTONOMOUS}hashrate = 0", HASHRATE, "more than 0"),
    "hashrate in words": (f'{AUTONOMOUS}hashrate = "fast"', HASHRATE, "expected a number"),
    "hashrate above all": (f"{AUTONOMOUS}hashrate = 1e308", HASHRATE, "at most"),
    "two above all": (f"{AUTONOMOUS}hashrate = 1e308\ncount = 2", HASHRATE, "at most"),
    "pools above all": (
        f'[participants.z]\nkind = "mining-pool"\nhashrate = 1e308\ncount = 2\n{CONTROLLER}',
        HASHRATE,
        "most",
    ),
    "hashrate above 64 bits": (f"{AUTONOMOUS}hashrate = 99999999999999999999", HASHRATE, "64 bits"),
    "pool's above 64 bits": (
        '[participants.z]\nkind = "mining-pool"\nhashrate = 99999999999999999999',
        HASHRATE,
        "64 bits",
    ),
    "time above 64 bits": (
        f'{MINER}[[timeline]]\nat = 99999999999999999999\ndo = "stop"\nwho = "z"',
        "timeline[0].at",
        "64 bits",
    ),
    "command above 64 bits": (
        f'{MINER}[[timeline]]\nat = 1\ndo = 99999999999999999999\nwho = "z"',
        "timeline[0].do",
        "64 bits",
    ),
    "difficulty": (
        f"{MINER}[consensus]\ndifficulty = 100000000000000000",
        "consensus.difficulty",
        "at most 1000000000000",
    ),
    "more items than a document holds": (
        f'{USERS}[participants.shop]\nkind = "marketplace"\nnode = "z"\nitems = 1000\nwallet = {{ addresses = 1000 }}',
        "participants.shop",
        "16 MiB",
    ),
    "bandwidth": (f'{USERS}[network]\nbandwidth = "99999999999 Gbit"', "network.bandwidth", "at most 1000000 Gbit"),
    "topology's bandwidth": (
        f'{USERS}[network]\ntopology = {{ kind = "ring", bandwidth = "99999999999 Gbit" }}',
        "network.topology.bandwidth",
        "at most 1000000 Gbit",
    ),
    "topology's bandwidth below 0": (
        f'{USERS}[network]\ntopology = {{ kind = "ring", bandwidth = -5 }}',
        "network.topology.bandwidth",
        "above 0",
    ),
    "latency": (f'{USERS}[network]\nlatency = "36500d"', "network.latency", "at most 1h"),
    "topology's latency": (
        f'{USERS}[network]\ntopology = {{ kind = "star", latency = "2h" }}',
        "network.topology.latency",
        "at most 1h",
    ),
    "topology that loses all": (
        f'{USERS}[network]\ntopology = {{ kind = "switch", loss = 1 }}',
        "network.topology.loss",
        "below 1",
    ),
    "block time": (f'{MINER}[consensus]\nblock_time = "1us"', "consensus.block_time", "at most 1000000"),
    "blocks of autonomous miners": (f"{AUTONOMOUS}hashrate = 1e9", "consensus.block_time", "at most 1000000"),
    "blocks of a hundred years": (
        f'{MINER}[simulation]\nduration = "36500d"',
        "consensus.block_time",
        "at most 1000000",
    ),
}


@pytest.mark.parametrize(("text", "place", "words"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_its_place(text: str, place: str, words: str) -> None:
    (problem,) = examine(text.encode()).errors
    assert problem.place == place
    assert words in problem.message


def test_a_bandwidth_in_bits_is_the_topologys() -> None:
    text = f'{USERS}[network]\nbandwidth = "100 Mbit"\ntopology = {{ kind = "ring", bandwidth = 5000000 }}'
    assert set(compile_plan(examine(text.encode()).scenario).topology.bandwidth) == {5_000_000}


def test_a_tiny_hashrate_finds_a_block_in_a_hundred_years_at_most() -> None:
    examination = examine(f"{AUTONOMOUS}hashrate = 1e-320".encode())
    assert not examination.errors
    assert any("less than once in a hundred years" in problem.message for problem in examination.warnings)


def test_a_solo_miner_is_set_what_a_pool_and_a_user_both_have() -> None:
    text = f'{MINER}solo_miner_threshold = 100\n[[timeline]]\nat = 1\ndo = "set"\nwho = "z"\nuntil = "5m"'
    text = text.replace("hashrate = 100", "hashrate = 50\ncount = 2")
    assert not examine(text.encode()).errors


@pytest.mark.parametrize("raised", ["BaseException()", "GeneratorExit()", "SystemExit(3)"])
def test_a_file_that_raises_anything_is_told_in_a_line(raised: str, tmp_path) -> None:
    (tmp_path / "bad.py").write_text(f"raise {raised}\n")
    with pytest.raises(PluginError, match=r"bad\.py cannot be loaded"):
        PluginFiles(tmp_path).load("./bad.py:Actor")


def test_an_interrupt_is_not_a_files_own(tmp_path) -> None:
    (tmp_path / "bad.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        PluginFiles(tmp_path).load("./bad.py:Actor")


def test_the_command_says_so_too(tmp_path) -> None:
    path = tmp_path / "scenario.toml"
    path.write_text(AUTONOMOUS)
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 2
    assert f"{path}:1: error: participants.z.hashrate: is missing" in result.output
