"""``monerosim doctor``, as a person calls it."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_monero import MONEROD, WALLET, fake, without

from monerosim.cli import main
from monerosim.doctor.checks import Check, Diagnosis

ROOT = Path(__file__).parents[2]
SMOKE = str(ROOT / "scenarios" / "smoke.toml")


def doctor(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["doctor", *arguments], env={"COLUMNS": "500"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but the shell's tools that the fake programs use."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "cat").symlink_to(shutil.which("cat") or "/bin/cat")
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tools


def shadow(folder: Path, version: str) -> None:
    (folder / "shadow").write_text(f"#!/bin/sh\necho 'Shadow {version} - v{version}-0-gabc 2026-01-01'\n")
    (folder / "shadow").chmod(0o755)


def compiler(folder: Path, *, works: bool) -> None:
    last = ": > library.so" if works else "echo 'no link.h' >&2; exit 1"
    (folder / "cc").write_text(f"#!/bin/sh\n[ \"$1\" = --version ] && echo 'cc 99.1' && exit\n{last}\n")
    (folder / "cc").chmod(0o755)


@pytest.mark.usefixtures("bare")
def test_a_bare_machine_can_play_the_model_and_is_told_how_to_get_the_rest() -> None:
    result = doctor()
    assert result.exit_code == 0
    assert "embedded: ready" in result.output
    assert "local: lacks Monero" in result.output
    for word in ("monerod is not on PATH", "apt install monero", "brew install monero", "build-essential", "gcc glibc"):
        assert word in result.output
    assert "shadow.github.io" in result.output
    for engine in ("local", "shadow"):
        assert doctor("--engine", engine).exit_code == 3


def test_programs_are_shown_with_path_version_and_what_they_lack(bare: Path) -> None:
    daemon = fake(bare / "monerod", without(MONEROD, "--no-igd"), "0.18.2.2-release")
    fake(bare / "monero-wallet-rpc", WALLET)
    shadow(bare, "3.2.0")
    compiler(bare, works=True)
    result = doctor("--engine", "local")
    assert result.exit_code == 0
    assert "local: ready" in result.output
    flags = (
        f"{len(MONEROD) - 1} flags, among them --regtest, --keep-fakechain, --fixed-difficulty, --offline, --add-excl"
    )
    assert f"0.18.2.2 ({daemon}), {flags}" in result.output
    assert "; without --no-igd: " in result.output
    assert f"v3.2.0-0-gabc ({bare / 'shadow'})" in result.output
    assert "cc 99.1" in result.output
    assert "shadow: ready" in result.output


def test_a_program_that_lacks_an_essential_flag_makes_it_unready(bare: Path) -> None:
    fake(bare / "monerod", without(MONEROD, "--regtest"))
    fake(bare / "monero-wallet-rpc", WALLET)
    result = doctor("--engine", "local")
    assert result.exit_code == 3
    assert "does not know what a node needs: --regtest" in result.output


def test_an_old_shadow_and_a_compiler_that_fails_do_not_count(bare: Path) -> None:
    shadow(bare, "2.5.0")
    compiler(bare, works=False)
    result = doctor()
    assert "2.5.0" in result.output
    assert "3.0 or later is needed" in result.output
    assert "no link.h" in result.output
    assert "shadow: lacks Monero, shadow, C compiler\n" in result.output


def test_a_scenario_without_the_library_needs_no_compiler(bare: Path) -> None:
    fake(bare / "monerod", MONEROD)
    fake(bare / "monero-wallet-rpc", WALLET)
    shadow(bare, "3.3.0")
    assert doctor(SMOKE, "--engine", "shadow").exit_code == 3
    assert doctor(SMOKE, "--engine", "shadow", "--set", "shadow.compat=off").exit_code == 0


def test_the_compiler_that_the_environment_names_is_the_one_that_is_shown(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler(bare, works=True)
    (bare / "cc").rename(bare / "mycc")
    # A program before it, as with "ccache gcc": what it says of itself is not what the compiler says.
    (bare / "before").write_text('#!/bin/sh\nexec "$@"\n')
    (bare / "before").chmod(0o755)
    monkeypatch.setenv("CC", "before mycc")
    assert f"cc 99.1 ({bare / 'before'} mycc) builds the library" in doctor().output


@pytest.mark.usefixtures("bare")
def test_a_probe_needs_what_shadow_needs() -> None:
    result = doctor("--probe")
    assert result.exit_code == 3
    assert "not played for want of Monero, shadow, C compiler" in result.output
    assert "embedded: ready" in result.output
    assert "shadow: lacks Monero, shadow, C compiler\n" in result.output


def test_a_scenario_has_its_own_programs_and_memory_looked_at(bare: Path, tmp_path: Path) -> None:
    fake(bare / "monero-wallet-rpc", WALLET)
    fake(tmp_path / "mine" / "monerod", MONEROD)
    text = Path(SMOKE).read_text().replace("[consensus]", '[binaries]\nmonerod = "mine/monerod"\n[consensus]')
    path = tmp_path / "scenario.toml"
    path.write_text(text)
    refused = doctor(str(path), "--engine", "local")
    assert refused.exit_code == 2
    assert "--allow-programs" in refused.output
    assert not (tmp_path / "mine" / "monerod.asked").exists()
    result = doctor(str(path), "--engine", "local", "--allow-programs")
    assert str(tmp_path / "mine" / "monerod") in result.output
    assert "1 nodes that produce blocks of 590 MB, 2 other nodes of 330 MB, 5 wallets of 14 MB" in result.output
    embedded = doctor(str(path), "--allow-programs")
    assert embedded.exit_code == 0
    assert "participants of 0.2 MB" in embedded.output


def test_a_scenario_that_does_not_fit_into_memory_is_not_ready(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_text("[participants.node]\ncount = 2\nnode = {}\n[network]\nconnections = 1\n")
    result = doctor(str(path), "--set", "participants.node.count=3000", "--engine", "local")
    assert result.exit_code == 3
    assert "local: about 1068.0 GB" in result.output
    ready = result.output.splitlines()[-3:]
    assert ready[0] == "embedded: ready"
    assert all(line.endswith("memory for the scenario") for line in ready[1:])
    assert doctor(str(path), "--set", "participants.node.count=3000").exit_code == 0


def test_an_unknown_flag_is_no_missing_program(bare: Path, tmp_path: Path) -> None:
    fake(bare / "monerod", MONEROD)
    fake(bare / "monero-wallet-rpc", WALLET)
    path = tmp_path / "flags.toml"
    path.write_text("[participants.a]\nnode = {}\n[participants.b]\nnode = {}\n")
    result = doctor(
        str(path), "--engine", "local", "--set", "binaries.monerod_flags=['--log-levle=1']", "--allow-flag=log-levle"
    )
    assert result.exit_code == 3
    assert "binaries.monerod_flags: monerod" in result.output
    assert "local: lacks flags" in result.output
    assert "apt install monero" not in result.output


@pytest.mark.usefixtures("bare")
def test_what_shadow_is_built_from_is_named() -> None:
    output = doctor().output
    for package in ("libclang-dev", "libglib2.0-dev", "clang-devel", "glib2-devel", "rustup"):
        assert package in output


def test_a_bad_scenario_is_told_as_by_check(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[simulation]\nsede = 3\n")
    assert doctor(str(path)).exit_code == 2
    assert doctor("--engine", "shadwo").exit_code == 2
    assert doctor("--seed", "3").exit_code == 2


def test_what_is_missing_counts_for_its_engines_only_and_warnings_do_not() -> None:
    one = Check(name="a", state="missing", found="", engines=("local", "shadow"), remedy="get a")
    two = Check(name="b", state="warning", found="", engines=("shadow",), remedy="get b")
    three = Check(name="c", state="good", found="", engines=("embedded",), remedy="get c")
    diagnosis = Diagnosis(checks=(one, one, two, three))
    assert diagnosis.lacking("embedded") == []
    assert diagnosis.lacking("local") == diagnosis.lacking("shadow") == ["a"]
    assert diagnosis.remedies == ["get a", "get b"]


@pytest.mark.real
@pytest.mark.usefixtures("_real_programs")
def test_the_real_programs_are_ready() -> None:
    assert doctor(SMOKE, "--engine", "local").exit_code == 0
