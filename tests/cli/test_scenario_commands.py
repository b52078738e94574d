"""The commands that make and check scenarios, as a person calls them."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner, Result
from fake_monero import MONEROD, WALLET, fake, without

from monerosim.cli import STAGES, main
from monerosim.plan.plan import decode_plan

ROOT = Path(__file__).parents[2]
QUICKSTART = str(ROOT / "scenarios" / "quickstart.toml")


def call(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def bad(tmp_path: Path) -> str:
    path = tmp_path / "bad.toml"
    path.write_text('[simulation]\nsede = 3\n[participants.user]\ncount = "3"\n[participants.x]\nnode = "usr"\n')
    return str(path)


def test_help_lists_the_commands_without_loading_them() -> None:
    code = "import sys; from monerosim.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    for command in ("new", "check", "schema", "doctor", "build", "run", "trace"):
        assert f"\n  {command} " in shown
    assert "numpy" not in shown.split()
    assert "monerosim.scenario" not in shown.split()


def test_help_groups_the_commands_by_stage() -> None:
    shown = call("--help").output
    stages = [line[:-1] for line in shown.splitlines() if line.endswith(":") and not line.startswith((" ", "Usage"))]
    assert stages == ["Options", *STAGES]


def test_each_command_has_the_line_of_help_that_the_list_shows_in_short() -> None:
    for commands in STAGES.values():
        for name, line in commands.items():
            assert line.endswith(".")
            assert call(name, "--help").exit_code == 0


@pytest.mark.parametrize(
    ("called", "near"),
    [("bild", "build"), ("repot", "report"), ("newactor", "new-actor"), ("mine.toml", "run mine.toml")],
)
def test_an_unknown_command_gets_the_near_miss(called: str, near: str) -> None:
    result = call(called)
    assert result.exit_code == 2
    assert f'unknown command "{called}"; did you mean "{near}"?' in result.output
    assert call("xyzzy").exit_code == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("command", [["check", QUICKSTART], ["schema"], ["plugins"], ["--help"]])
def test_a_full_disk_is_one_line(command: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "monerosim.cli", *command],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (done.returncode, done.stderr) == (1, "monerosim: output cannot be written: No space left on device\n")


def test_who_stops_reading_sees_no_traceback() -> None:
    command = [sys.executable, "-m", "monerosim.cli", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""


def test_check_says_what_a_good_scenario_makes() -> None:
    result = call("check", QUICKSTART)
    assert result.exit_code == 0
    assert "110 participants, 103 nodes, 109 wallets" in result.output


def test_check_tells_all_errors_with_lines_and_hints(bad: str) -> None:
    result = call("check", bad)
    assert result.exit_code == 2
    assert f'{bad}:2: error: simulation.sede: unknown key "sede"\n    did you mean "seed"?' in result.output
    assert f"{bad}:4: error: participants.user.count: expected an integer" in result.output
    assert f"{bad}:6: error: participants.x.node" in result.output
    assert "3 errors" in result.output
    assert "Traceback" not in result.output


def test_check_tells_warnings_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "warn.toml"
    path.write_text('[participants.pool]\nkind = "mining-pool"\nhashrate = 50\n')
    result = call("check", str(path))
    assert result.exit_code == 0
    assert ":1: warning: participants.pool: there are miners but no block controller" in result.output


@pytest.mark.parametrize("content", [None, b"", b"\x00\x01", b"\xff", b"[", b"x" * 10 * 2**20, b"a=" + b"[" * 9999])
@pytest.mark.parametrize("command", ["check", "build"])
def test_any_file_is_a_clean_error(tmp_path: Path, content: bytes | None, command: str) -> None:
    path = tmp_path / "scenario.toml"
    if content is not None:
        path.write_bytes(content)
    result = call(command, str(path))
    assert result.exit_code == 2
    assert "error" in result.output
    assert "Traceback" not in result.output


def test_options_change_the_scenario(tmp_path: Path) -> None:
    run = tmp_path / "run"
    changes = ["--seed", "9", "--set", "participants.user.count=4", "--set", "simulation.name=small"]
    assert call("build", QUICKSTART, *changes, "-o", str(run)).exit_code == 0
    plan = decode_plan((run / "plan.json").read_bytes())
    assert (plan.seed, plan.name, sum(host.group == "user" for host in plan.hosts)) == (9, "small", 4)
    assert (run / "scenario.toml").read_text().startswith("# Built with: --seed 9 --set 'participants.user.count=4'")


def test_an_error_from_an_option_names_it() -> None:
    result = call("check", QUICKSTART, "--set", "participants.user.count=many")
    assert result.exit_code == 2
    assert '--set participants.user.count=many: expected an integer, got the text "many"' in result.output


def test_build_copies_the_scenario_and_asks_before_replacing(tmp_path: Path) -> None:
    run = str(tmp_path / "run")
    assert call("build", QUICKSTART, "-o", run).exit_code == 0
    assert (tmp_path / "run" / "scenario.toml").read_bytes() == Path(QUICKSTART).read_bytes()
    again = call("build", QUICKSTART, "-o", run)
    assert again.exit_code == 1
    assert "--force" in again.output
    assert call("build", QUICKSTART, "-o", run, "--force").exit_code == 0


def test_build_takes_a_fresh_directory_each_time_as_run_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("quickstart", "quickstart-2", "quickstart-3"):
        result = call("build", QUICKSTART)
        assert result.exit_code == 0
        assert f"runs/{name}: " in result.output
        assert (tmp_path / "runs" / name / "shadow.yaml").exists()


@pytest.mark.parametrize("command", ["build", "run"])
def test_missing_programs_are_told_before_anything_is_written(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = call(command, QUICKSTART, "--engine", "shadow", "-o", str(tmp_path / "run"))
    assert result.exit_code == 1
    assert "monerod is not on PATH" in result.output
    assert "apt install monero" in result.output
    assert not (tmp_path / "run").exists()


def test_building_for_the_model_needs_no_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert call("build", QUICKSTART, "-o", str(tmp_path / "run")).exit_code == 0
    hosts = yaml.safe_load((tmp_path / "run" / "shadow.yaml").read_text())["hosts"]
    assert {it["path"] for it in hosts["user-001"]["processes"]} == {"monerod", "monero-wallet-rpc", sys.executable}


@pytest.mark.usefixtures("c_compiler")
def test_a_build_names_the_programs_and_tells_what_they_do_not_know(tmp_path: Path) -> None:
    daemon = fake(tmp_path / "old" / "monerod", without(MONEROD, "--no-zmq"), "0.18.1.0-release")
    wallet = fake(tmp_path / "old" / "monero-wallet-rpc", WALLET)
    path = tmp_path / "scenario.toml"
    text = Path(QUICKSTART).read_text(encoding="utf-8")
    path.write_text(f'{text}\n[binaries]\nmonerod = "old/monerod"\nwallet = "old/monero-wallet-rpc"\n')
    arguments = ("build", str(path), "--engine", "shadow", "-o", str(tmp_path / "run"))
    assert call(*arguments).exit_code == 2
    assert not Path(f"{daemon}.asked").exists()
    result = call(*arguments, "--allow-programs")
    assert result.exit_code == 0
    assert f"monerod 0.18.1.0 ({daemon}): left out --no-zmq, which it does not know: " in result.stderr
    hosts = yaml.safe_load((tmp_path / "run" / "shadow.yaml").read_text())["hosts"]
    assert [it["path"] for it in hosts["user-001"]["processes"][:2]] == [str(daemon), str(wallet)]
    assert "--no-zmq" not in hosts["user-001"]["processes"][0]["args"]


def test_a_bad_scenario_leaves_no_directory(bad: str, tmp_path: Path) -> None:
    assert call("build", bad, "-o", str(tmp_path / "run")).exit_code == 2
    assert not (tmp_path / "run").exists()


def test_new_writes_a_scenario_that_passes_and_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    assert call("new", str(path)).exit_code == 0
    assert call("check", str(path)).exit_code == 0
    path.write_text("precious")
    refused = call("new", str(path))
    assert refused.exit_code == 1
    assert path.read_text() == "precious"
    assert call("new", str(path), "--force").exit_code == 0
    assert "[simulation]" in path.read_text()


def test_schema_prints_json() -> None:
    result = call("schema")
    assert result.exit_code == 0
    assert "definitions" in msgspec.json.decode(result.output)


def test_somebody_elses_building_block_and_engine_are_found_by_their_entry_points(tmp_path: Path) -> None:
    (tmp_path / "pinger.py").write_text(
        "from monerosim.config import Config, Duration, duration\n"
        "from monerosim.agent.behaviour import Behaviour\n"
        "class PingerConfig(Config):\n"
        "    interval: Duration = duration('1m')\n"
        "class Pinger(Behaviour):\n"
        "    Config = PingerConfig\n"
        "    needs = frozenset({'node'})\n"
        "    default_node = True\n"
        "from monerosim.engine import Engine\n"
        "class Abacus(Engine):\n"
        "    def play(self, plan, directory, *, trace_level, on_progress):\n"
        "        return 0\n"
    )
    info = tmp_path / "pinger-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pinger\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[monerosim.actors]\npinger = pinger:Pinger\n[monerosim.engines]\nabacus = pinger:Abacus\n"
    )
    (tmp_path / "good.toml").write_text('[participants.p]\nkind = "pinger"\ninterval = "5s"\n')
    (tmp_path / "bad.toml").write_text('[participants.p]\nkind = "pinger"\nintreval = "5s"\n')

    def check(name: str, *options: str) -> subprocess.CompletedProcess[str]:
        code = "from monerosim.cli import main; main()"
        return subprocess.run(
            [sys.executable, "-c", code, "check", str(tmp_path / name), *options],
            check=False,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{tmp_path}"},
        )

    assert "1 participant, 1 node" in check("good.toml").stdout
    assert check("good.toml", "--engine", "abacus").returncode == 0
    near = check("good.toml", "--engine", "abacsu")
    assert near.returncode == 2
    assert 'there is no engine "abacsu"\n    did you mean "abacus"?' in near.stderr
    refused = check("bad.toml")
    assert refused.returncode == 2
    assert 'did you mean "interval"?' in refused.stderr
