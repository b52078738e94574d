"""A scenario from a stranger starts no program, sets no flag and names no place that the user has not allowed."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_monero import MONEROD, WALLET, fake

from monerosim import Participant, Permissions, Scenario, ScenarioError, parse, run
from monerosim.build.binaries import ask_binary, find_binary
from monerosim.build.compile import compile_plan
from monerosim.cli import main
from monerosim.plan.allowed_flags import HARMLESS, NODE, RISKY
from monerosim.plan.allowed_flags import WALLET as WALLET_SERVICE
from monerosim.plan.flags import RESERVED
from monerosim.scenario import Problem, examine

PROGRAMS = {NODE: "monerod", WALLET_SERVICE: "monero-wallet-rpc"}
FLAGS = [
    (service, flag)
    for service, program in PROGRAMS.items()
    for flag in (Path(__file__).parent / f"flags-{program}.txt").read_text().split()
]
"""The flags of 0.18.0.0, from its ``--help``."""

RESERVED_VALUES = {"--in-peers": "1", "--limit-rate": "1", "--limit-rate-down": "1", "--limit-rate-up": "1"}
NETWORK = """\
[participants.z]
node = { flags = [NODE] }
wallet = { flags = [WALLET] }
[participants.other]
node = {}
"""


def with_flag(service: str, flag: str) -> str:
    value = RESERVED_VALUES.get(flag, "" if flag != "--out-peers" else "1")
    text = f'"{flag}={value}"' if value else f'"{flag}"'
    other = WALLET_SERVICE if service == NODE else NODE
    return NETWORK.replace(service.upper(), text).replace(other.upper(), "")


def errors(text: str, permissions: Permissions | None = None, *changes: str) -> tuple[Problem, ...]:
    return examine(text.encode(), changes=changes, permissions=permissions or Permissions()).errors


@pytest.mark.parametrize(("service", "flag"), FLAGS)
@pytest.mark.parametrize("engine", ["embedded", "local", "shadow"])
def test_each_flag_is_harmless_reserved_or_has_to_be_allowed(service: str, flag: str, engine: str) -> None:
    risky = flag in RISKY and flag not in HARMLESS[service]
    assert [flag in HARMLESS[service], flag in RESERVED, risky].count(True) == 1
    change = f"simulation.engine={engine}"
    text = with_flag(service, flag)
    found = errors(text, None, change)
    assert not found if flag in HARMLESS[service] else len(found) == 1
    if found:
        assert found[0].line == (2 if service == NODE else 3)
        assert flag in found[0].message
    allowed = errors(text, Permissions(programs=True, flags=(flag,)), change)
    assert bool(allowed) is (flag in RESERVED)
    if risky:
        assert f"--allow-flag={flag}" in found[0].hint
        assert errors(text, Permissions(programs=True, flags=("--other",)), change)


@pytest.mark.real
@pytest.mark.usefixtures("_real_programs")
@pytest.mark.parametrize("service", PROGRAMS)
def test_the_program_that_is_here_has_no_flag_that_nobody_has_judged(service: str) -> None:
    known = {*HARMLESS[service], *RESERVED, *RISKY}
    assert not ask_binary(find_binary(PROGRAMS[service], Path())).flags.keys() - known


@pytest.mark.parametrize(
    "program", ["./evil.sh", "evil.sh", "/usr/bin/monerod", "~/monerod", "reboot", "../monerod", "monero-wallet-rpc"]
)
@pytest.mark.parametrize("engine", ["embedded", "local", "shadow"])
@pytest.mark.parametrize(
    "place", ["binaries.monerod", "participants.z.node.binary", "binaries.wallet", "participants.z.wallet.binary"]
)
def test_a_scenario_names_no_program_of_its_own(program: str, place: str, engine: str) -> None:
    if "wallet" in place and program.startswith("monero-wallet"):
        program = "monerod"
    text = "[participants.z]\nnode = {}\nwallet = {}\n[binaries]\n"
    (error,) = errors(text, None, f"simulation.engine={engine}", f"{place}={program}")
    assert place in f"{error.place} {error.message}"
    assert "--allow-programs" in error.hint
    assert not errors(text, Permissions(programs=True), f"simulation.engine={engine}", f"{place}={program}")


def test_monero_s_programs_of_other_versions_are_found_by_name() -> None:
    text = '[participants.z]\nnode = { binary = "monerod-0.18.4" }\n[binaries]\nwallet = "monero-wallet-rpc-v0.18.4"\n'
    assert not errors(text)


@pytest.fixture
def evil(tmp_path: Path) -> tuple[Path, Path]:
    """A scenario with a program of its own, and that program's note that it was started."""
    program = fake(tmp_path / "evil", MONEROD)
    fake(tmp_path / "wallet", WALLET)
    path = tmp_path / "evil.toml"
    path.write_text(
        '[simulation]\nengine = "local"\n[binaries]\nmonerod = "./evil"\nwallet = "./wallet"\n'
        "[participants.z]\nnode = {}\n[participants.y]\nnode = {}\n"
    )
    return path, Path(f"{program}.asked")


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_no_command_starts_it_unless_allowed(evil: tuple[Path, Path], tmp_path: Path) -> None:
    path, started = evil
    for command in ("check", "build", "run", "doctor"):
        output = ("-o", str(tmp_path / "run")) if command in {"build", "run"} else ()
        result = call(command, str(path), *output)
        assert result.exit_code == 2
        assert f"{path}:4: error: binaries.monerod" in result.output
    assert call("check", str(path), "--allow-programs").exit_code == 0
    assert not started.exists()
    assert call("build", str(path), "--allow-programs", "-o", str(tmp_path / "run")).exit_code == 0
    assert started.exists()


def test_python_has_a_word_for_it(tmp_path: Path) -> None:
    scenario = Scenario(
        binaries={"monerod": "./evil"}, participants={"z": Participant(node={"flags": ("--add-peer=1.2.3.4",)})}
    )
    assert len([problem for problem in scenario.check() if problem.severity == "error"]) == 2
    with pytest.raises(ScenarioError):
        run(scenario, tmp_path / "run")
    allowed = Permissions(programs=True, flags=("--add-peer",))
    assert {problem.severity for problem in scenario.check(permissions=allowed)} == {"warning"}
    with pytest.raises(ScenarioError):
        parse('[binaries]\nmonerod = "./evil"\n[participants.z]\nnode = {}\n')


def test_shadow_copies_no_directory_into_a_run() -> None:
    text = '[participants.z]\nnode = {}\n[shadow]\ngeneral = { template_directory = "/etc" }\n'
    with pytest.raises(ScenarioError, match=r"general\.template_directory"):
        compile_plan(parse(text))


def test_a_flag_that_is_not_known_is_told_with_its_near_miss_and_how_it_is_allowed() -> None:
    (problem,) = errors(with_flag(NODE, "--max-log-file"))
    assert problem.hint == 'did you mean "--max-log-files"? If not, add --allow-flag=--max-log-file if you trust it'
