"""The run directory: whole or not at all."""

import subprocess
from pathlib import Path

import msgspec
import pytest
import yaml

from monerosim.build.compile import compile_plan
from monerosim.build.rundir import RunDirectoryError, hold, write_run_directory
from monerosim.plan.plan import LinkPlan, Plan, TopologyPlan, decode_plan
from monerosim.runs import play
from monerosim.scenario import ScenarioError, parse

TEXT = """\
[simulation]
duration = "10m"
[shadow.general]
parallelism = 4
progress = true
[shadow.experimental]
use_cpu_pinning = false
[shadow.network]
use_shortest_path = false
[shadow.host_option_defaults]
pcap_enabled = true
[shadow.host_options.user]
pcap_enabled = false
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


@pytest.fixture(scope="module")
def plan() -> Plan:
    return compile_plan(parse(TEXT))


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_all_that_a_run_needs_is_there(plan: Plan, tmp_path: Path) -> None:
    run = tmp_path / "runs" / "one"
    write_run_directory(plan, TEXT.encode(), run)
    assert decode_plan((run / "plan.json").read_bytes()) == plan
    assert (run / "scenario.toml").read_text() == TEXT
    assert run.stat().st_mode & 0o055
    assert [path.name for path in run.parent.iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("engine", "at_once", "processes"),
    [("embedded", False, True), ("embedded", True, False), ("local", False, True), ("local", True, True)],
)
def test_what_processes_of_hosts_need_is_there_if_there_may_be_some(
    plan: Plan, tmp_path: Path, engine: str, at_once: bool, processes: bool
) -> None:
    run = tmp_path / "run"
    write_run_directory(msgspec.structs.replace(plan, engine=engine), TEXT.encode(), run, at_once=at_once)
    assert (run / "shadow.yaml").exists() == processes
    for name in ("user-001", "funder"):
        folders = [
            run / "hosts" / name,
            *(run / "shared/mailbox" / name / one for one in ("tmp", "new", "done", "bad")),
        ]
        assert [folder.is_dir() for folder in folders] == [processes] * 5


def test_building_twice_gives_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    write_run_directory(plan, TEXT.encode(), tmp_path / "run")
    first = contents(tmp_path / "run")
    write_run_directory(compile_plan(parse(TEXT)), TEXT.encode(), tmp_path / "run", force=True)
    assert contents(tmp_path / "run") == first


def test_a_run_is_replaced_only_by_force_and_then_wholly(plan: Plan, tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_run_directory(plan, b"", run)
    (run / "events.jsonl").write_text("{}")
    with pytest.raises(RunDirectoryError, match="--force"):
        write_run_directory(plan, b"", run)
    assert (run / "events.jsonl").exists()
    write_run_directory(plan, b"", run, force=True)
    assert not (run / "events.jsonl").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_that_is_being_played_is_not_replaced(plan: Plan, tmp_path: Path) -> None:
    target = tmp_path / "run"
    write_run_directory(plan, b"", target)
    with hold(target):
        with pytest.raises(RunDirectoryError, match="is in use by a run"):
            write_run_directory(plan, b"", target, force=True)
        with pytest.raises(RunDirectoryError, match="is in use by a run"):
            play(target)
    write_run_directory(plan, b"", target, force=True)


def test_a_run_is_not_replaced_from_within(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run_directory(plan, b"", tmp_path / "run")
    monkeypatch.chdir(tmp_path / "run")
    with pytest.raises(RunDirectoryError, match="is the working directory"):
        write_run_directory(plan, b"", Path(), force=True)


def test_a_build_that_fails_leaves_the_old_run_whole(plan: Plan, tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_run_directory(plan, b"old", run)
    before = contents(run)
    # Shadow's graph cannot have such a link, which is found out after the plan has been written.
    link = LinkPlan(source=0, target=0, latency=0, loss=0.0)
    topology = TopologyPlan(bandwidth=(1,), links=(link,), places=plan.topology.places)
    broken = msgspec.structs.replace(plan, topology=topology)
    with pytest.raises(RunDirectoryError, match="latency"):
        write_run_directory(broken, b"new", run, force=True)
    assert contents(run) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("force", [False, True])
def test_what_is_not_a_run_is_left_alone(plan: Plan, tmp_path: Path, force: bool) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "plan.json").write_text('{"version": 1}')
    (tmp_path / "file").write_text("x")
    for name in ("photos", "other", "file"):
        with pytest.raises(RunDirectoryError, match="is not a"):
            write_run_directory(plan, b"", tmp_path / name, force=force)
    assert (tmp_path / "photos" / "cat.jpg").read_bytes() == b"cat"


def test_an_empty_directory_is_used(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    write_run_directory(plan, b"", tmp_path / "run")
    assert (tmp_path / "run" / "plan.json").exists()


def test_a_place_that_cannot_be_written_is_a_clean_error(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RunDirectoryError, match="cannot be written"):
        write_run_directory(plan, b"", tmp_path / "file" / "run")


def test_shadow_yaml_says_what_the_plan_says(plan: Plan, tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_run_directory(plan, b"", run)
    text = (run / "shadow.yaml").read_text()
    config = yaml.safe_load(text)
    assert config["general"]["model_unblocked_syscall_latency"] is True
    assert config["general"]["stop_time"] == f"{plan.stop + 10_000_000} us"
    assert 0 <= config["general"]["seed"] < 2**32
    assert config["general"]["data_directory"] == str(run / "shadow.data")
    assert config["experimental"]["unblocked_vdso_latency"] == "1 us"
    assert Path(config["network"]["graph"]["file"]["path"]).read_text().startswith("graph [")
    assert list(config["hosts"]) == [host.name for host in plan.hosts]
    for host in plan.hosts:
        written = config["hosts"][host.name]
        assert written["ip_addr"] == host.address
        assert written["network_node_id"] == plan.topology.places[host.name]
        assert [it["start_time"] for it in written["processes"]] == [f"{it.start} us" for it in host.processes]
        states = [it["expected_final_state"] for it in written["processes"]]
        assert states == ["running"] * (len(states) - 1) + [{"exited": 0}]
        for process in written["processes"]:
            assert not any("{run}" in part or "{python}" in part for part in [process["path"], *process["args"]])


def test_the_scenarios_shadow_options_are_passed_on(plan: Plan, tmp_path: Path) -> None:
    write_run_directory(plan, b"", tmp_path / "run")
    config = yaml.safe_load((tmp_path / "run" / "shadow.yaml").read_text())
    assert config["general"]["parallelism"] == 4
    assert config["general"]["progress"] is True
    assert config["experimental"]["use_cpu_pinning"] is False
    assert config["network"]["use_shortest_path"] is False
    assert config["network"]["graph"]["type"] == "gml"
    assert config["host_option_defaults"] == {"pcap_enabled": True}
    given = {name: host.get("host_options") for name, host in config["hosts"].items()}
    assert given["user-001"] == given["user-002"] == {"pcap_enabled": False}
    assert given["pool"] is None


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("general={data_directory='/etc'}", "in the run directory"),
        ("general={data_directory='../../outside'}", "in the run directory"),
        ("general={data_directory='.'}", "in the run directory"),
        ("general={stop_time='3 min'}", "before the end of the run"),
        ("general={stop_time=600}", "before the end of the run"),
        ("network={graph={}}", "network.topology"),
        ("host_options={usr={}}", "no such participant"),
    ],
)
def test_an_option_that_would_have_shadow_play_something_else_is_refused(option: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message) as raised:
        compile_plan(parse(TEXT, changes=[f"shadow.{option}"]))
    assert [problem.place.partition(".")[0] for problem in raised.value.problems] == ["shadow"]


@pytest.mark.parametrize("option", ["data_directory='data/here'", "stop_time='5 h'", "stop_time='90000000 ms'"])
def test_other_options_of_the_run_are_shadows_affair(option: str) -> None:
    assert compile_plan(parse(TEXT, changes=[f"shadow.general={{{option}}}"]))


@pytest.mark.real
@pytest.mark.usefixtures("_real_programs")
@pytest.mark.parametrize("program", ["monerod", "monero-wallet-rpc"])
def test_the_real_programs_know_the_arguments(plan: Plan, program: str) -> None:
    known = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    used = {
        argument.partition("=")[0]
        for host in plan.hosts
        for process in host.processes
        if process.argv[0] == program
        for argument in process.argv[1:]
    }
    assert {argument for argument in used if f"{argument} " not in known} == set()
