"""Finding Monero's programs, and fitting a plan to what they know."""

from pathlib import Path

import msgspec
import pytest
from fake_monero import MONEROD, WALLET, fake, without
from hypothesis import given, settings
from hypothesis import strategies as st

from monerosim.build.binaries import BinaryError, ask_binary, find_binary, resolve_binaries
from monerosim.build.build import build_plan
from monerosim.build.compile import compile_plan
from monerosim.plan.flags import OPTIONAL_FLAGS, flag_name
from monerosim.plan.plan import Plan, ProcessPlan, decode_plan, encode_plan
from monerosim.scenario import Binaries, Node, Participant, Permissions, Scenario, Simulation, examine, parse

TEXT = """\
[simulation]
engine = "shadow"
[participants.pool]
kind = "mining-pool"
hashrate = 100
[participants.user]
count = 2
node = {}
wallet = { initial_balance = "10 XMR" }
[participants.control]
kind = "block-controller"
"""


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a monerod and a monero-wallet-rpc, all there is on PATH."""
    fake(tmp_path / "bin" / "monerod", MONEROD)
    fake(tmp_path / "bin" / "monero-wallet-rpc", WALLET)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return tmp_path / "bin"


def process(plan: Plan, host: str, name: str) -> ProcessPlan:
    (found,) = (it for own in plan.hosts if own.name == host for it in own.processes if it.name == name)
    return found


def allowing(*flags: str) -> Permissions:
    return Permissions(programs=True, flags=flags)


def built(text: str, *changes: str, base: Path | None = None, flags: tuple[str, ...] = ()) -> Plan:
    return build_plan(examine(text.encode(), changes=changes, permissions=allowing(*flags)), base)


def refusal(text: str, *changes: str, base: Path | None = None, flags: tuple[str, ...] = ()) -> BinaryError:
    with pytest.raises(BinaryError) as raised:
        built(text, *changes, base=base, flags=flags)
    return raised.value


def test_a_program_says_its_version_and_its_flags(tmp_path: Path) -> None:
    binary = ask_binary(fake(tmp_path / "monerod", [*MONEROD, "-d [ --detach ]"], "0.18.3.4-release"))
    assert binary.version == "0.18.3.4"
    assert binary.flags["--regtest"] == "nothing"
    assert binary.flags["--data-dir"] == "a value"
    assert binary.flags["--tune"] == "a value or nothing"
    assert "--detach" in binary.flags
    assert "--testnet" not in binary.flags
    assert "--hidden" not in binary.flags


def test_a_program_is_asked_once_until_it_changes(programs: Path) -> None:
    asked = programs / "monerod.asked"
    for _ in range(3):
        build_plan(parse(TEXT))
    assert asked.read_text() == "asked\n"
    fake(programs / "monerod", [*MONEROD, "--new-flag"])
    plan = built(TEXT, "participants.pool.node={flags=['--new-flag']}", flags=("--new-flag",))
    assert asked.read_text() == "asked\nasked\n"
    assert "--new-flag" in process(plan, "pool", "monerod").argv


@pytest.mark.usefixtures("programs")
def test_compiling_does_not_look_at_the_machine(tmp_path: Path) -> None:
    scenario = parse(TEXT)
    compiled = encode_plan(compile_plan(scenario))
    plan = build_plan(scenario)
    assert encode_plan(compile_plan(scenario)) == compiled
    assert process(compile_plan(scenario), "pool", "monerod").argv[0] == "monerod"
    assert process(plan, "pool", "monerod").argv[0] == str(tmp_path / "bin" / "monerod")
    assert decode_plan(encode_plan(plan)) == plan


def test_the_embedded_engine_needs_no_programs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    plan = built(TEXT, "simulation.engine=embedded", "binaries.monerod=/nowhere")
    assert process(plan, "pool", "monerod").argv[0] == "/nowhere"
    assert plan.binaries == ()


@pytest.mark.usefixtures("programs")
def test_what_the_programs_know_is_kept_as_it_is() -> None:
    compiled, plan = compile_plan(parse(TEXT)), build_plan(parse(TEXT))
    for before, after in zip(compiled.hosts, plan.hosts, strict=True):
        assert [it.argv[1:] for it in before.processes] == [it.argv[1:] for it in after.processes]
    assert [(Path(it.path).name, it.version, it.left_out, it.notes) for it in plan.binaries] == [
        ("monero-wallet-rpc", "0.18.3.4", {}, ()),
        ("monerod", "0.18.3.4", {}, ()),
    ]


def test_a_flag_that_is_not_essential_is_left_out_with_its_reason(programs: Path) -> None:
    fake(programs / "monerod", without(MONEROD, "--max-connections-per-ip", "--db-sync-mode"))
    plan = build_plan(parse(TEXT))
    argv = process(plan, "user-001", "monerod").argv
    assert not any(one.startswith(("--max-connections-per-ip", "--db-sync-mode")) for one in argv)
    assert "--no-igd" in argv
    (left_out,) = (it.left_out for it in plan.binaries if it.path.endswith("monerod"))
    assert left_out == {flag: OPTIONAL_FLAGS[flag] for flag in ("--db-sync-mode", "--max-connections-per-ip")}


def test_a_program_that_lacks_an_essential_flag_is_refused_once(programs: Path) -> None:
    fake(programs / "monerod", without(MONEROD, "--regtest", "--fixed-difficulty", "--no-igd"))
    (problem,) = refusal(TEXT).problems
    assert f"monerod 0.18.3.4 ({programs / 'monerod'})" in problem
    assert "--fixed-difficulty, --regtest;" in problem
    assert "--no-igd" not in problem


def test_a_wallet_that_would_refuse_a_regtest_daemon_is_told_not_to(programs: Path) -> None:
    fake(programs / "monero-wallet-rpc", [*WALLET, "--allow-mismatched-daemon-version"])
    plan = build_plan(parse(TEXT))
    assert "--allow-mismatched-daemon-version" in process(plan, "pool", "wallet").argv
    assert "--allow-mismatched-daemon-version" not in process(plan, "pool", "monerod").argv


def test_two_versions_in_one_network(programs: Path, tmp_path: Path) -> None:
    old = fake(tmp_path / "old" / "monerod", without(MONEROD, "--no-zmq"), "0.17.3.2-unknown")
    scenario = Scenario(
        simulation=Simulation(engine="local"),
        binaries=Binaries(monerod=str(programs / "monerod")),
        participants={
            "old": Participant(count=3, node=Node(binary="old/monerod", flags=("--log-level=1",))),
            "new": Participant(node=Node()),
        },
    )
    plan = build_plan(scenario, tmp_path, permissions=allowing())
    assert process(plan, "old-002", "monerod").argv[0] == str(old)
    assert process(plan, "new", "monerod").argv[0] == str(programs / "monerod")
    assert "--no-zmq" in process(plan, "new", "monerod").argv
    assert "--no-zmq" not in process(plan, "old-002", "monerod").argv
    versions = {it.path: (it.version, bool(it.notes)) for it in plan.binaries}
    assert versions == {str(old): ("0.17.3.2", True), str(programs / "monerod"): ("0.18.3.4", False)}


@pytest.mark.usefixtures("programs")
def test_own_flags_replace_the_usual_ones_of_the_same_name() -> None:
    own = "{flags=['--db-sync-mode=safe', '--log-level=2', '--zmq-pub=tcp://127.0.0.1:1', '--zmq-pub=tcp://[::1]:1']}"
    argv = process(built(TEXT, f"participants.pool.node={own}", flags=("--zmq-pub",)), "pool", "monerod").argv
    assert [one for one in argv if one.startswith("--db-sync-mode")] == ["--db-sync-mode=safe"]
    assert "--log-level=2" in argv
    assert sum(one.startswith("--zmq-pub=") for one in argv) == 2
    assert "--no-zmq" not in argv
    assert "--no-igd" in argv


@pytest.mark.usefixtures("programs")
def test_flags_for_all_give_way_to_a_participants_own() -> None:
    changes = [
        "binaries.monerod_flags=['--log-level=1', '--db-sync-mode=safe']",
        "participants.pool.node={flags=['--log-level=2']}",
        "participants.user.node={}",
        "participants.user.count=1",
    ]
    plan = build_plan(parse(TEXT, changes=changes))
    for host, level in (("pool", 2), ("user", 1)):
        argv = process(plan, host, "monerod").argv
        assert [one for one in argv if one.startswith("--log-level")] == [f"--log-level={level}"]
        assert "--db-sync-mode=safe" in argv
    (problem,) = refusal(TEXT, "binaries.wallet_flags=['--no-zmq']", flags=("--no-zmq",)).problems
    assert problem.startswith("binaries.wallet_flags: monero-wallet-rpc 0.18.3.4")


@pytest.mark.usefixtures("programs")
def test_own_flags_that_a_program_does_not_take_are_told_all_at_once() -> None:
    problems = refusal(
        TEXT,
        "participants.user.node={flags=['--log-levle=1', '--tune', '--offline=yes']}",
        "participants.pool.wallet={flags=['--log-level', '--no-zmq']}",
        flags=("--log-levle", "--tune", "--no-zmq"),
    ).problems
    assert len(problems) == 4
    assert problems[0].startswith("participants.pool.wallet.flags: --log-level needs a value")
    assert "monero-wallet-rpc 0.18.3.4" in problems[1]
    assert "does not know --no-zmq" in problems[1]
    assert problems[2].startswith("participants.user.node.flags: monerod 0.18.3.4 (")
    assert problems[2].endswith('does not know --log-levle; did you mean "--log-level"?')
    assert "--offline takes no value, got --offline=yes" in problems[3]


def test_a_missing_program_says_how_it_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    error = refusal(TEXT)
    assert len(error.problems) == 2
    for word in ("monerod is not on PATH", "monero-wallet-rpc is not on PATH", "apt install monero", "pacman", "brew"):
        assert word in str(error)


def test_what_is_no_program_of_monero_is_refused(programs: Path, tmp_path: Path) -> None:
    text_file, folder, other = tmp_path / "text", tmp_path / "folder", tmp_path / "other"
    text_file.write_text("hello")
    folder.mkdir()
    other.write_text("#!/bin/sh\necho 'other: no such option' >&2\nexit 1\n")
    other.chmod(0o755)
    not_elf = tmp_path / "broken"
    not_elf.write_bytes(b"\x7fELF not really")
    not_elf.chmod(0o755)
    for path, words in (
        (text_file, "cannot be run: Permission denied"),
        (folder, "no such file"),
        (tmp_path / "nothing", "no such file"),
        (other, "no such option"),
        (not_elf, "cannot be run: Exec format error"),
        (Path("/" + "x" * 5000), "no such file"),
        (Path("~nobody-at-all/monerod"), "home directory"),
    ):
        error = refusal(TEXT, f"binaries.monerod={path}")
        assert len(error.problems) == 1
        assert words in str(error)
    assert programs.is_dir()


def test_paths_start_at_the_scenario_and_names_at_path(programs: Path, tmp_path: Path) -> None:
    assert find_binary("bin/monerod", tmp_path) == programs / "monerod"
    assert find_binary("../bin/monerod", tmp_path / "elsewhere") == programs / "monerod"
    assert find_binary("monerod", Path("/nowhere")) == programs / "monerod"


names = st.sampled_from([flag.split()[0] for flag in MONEROD])


@settings(max_examples=30, deadline=None)
@given(st.sets(names, max_size=len(MONEROD) - 1))
def test_whatever_a_program_knows_it_is_given_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, gone: set[str]
) -> None:
    folder = tmp_path_factory.mktemp("bin")
    daemon = fake(folder / "monerod", without(MONEROD, *gone))
    wallet = fake(folder / "monero-wallet-rpc", WALLET)
    binaries = Binaries(monerod=str(daemon), wallet=str(wallet))
    scenario = parse(TEXT)
    compiled = compile_plan(msgspec.structs.replace(scenario, binaries=binaries), permissions=allowing())
    needed = {flag_name(one) for one in process(compiled, "pool", "monerod").argv[1:]} - OPTIONAL_FLAGS.keys()
    if needed & gone:
        with pytest.raises(BinaryError) as raised:
            resolve_binaries(compiled)
        assert all(flag in str(raised.value) for flag in needed & gone)
    else:
        argv = process(resolve_binaries(compiled), "pool", "monerod").argv
        assert not {flag_name(one) for one in argv} & gone


@pytest.mark.real
@pytest.mark.usefixtures("_real_programs")
def test_the_real_programs_are_understood() -> None:
    own = ["participants.pool.node={flags=['--log-level=1']}", "participants.user.wallet={flags=['--log-level=1']}"]
    plan = build_plan(parse(TEXT, changes=own))
    assert {Path(it.path).name for it in plan.binaries} == {"monerod", "monero-wallet-rpc"}
    assert all(it.version.startswith("0.") for it in plan.binaries)
    wrong = refusal(TEXT, "participants.pool.node={flags=['--log-levell=1']}", flags=("--log-levell",))
    assert "does not know --log-levell" in str(wrong)
