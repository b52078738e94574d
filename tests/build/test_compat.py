"""The compatibility library, on plain Linux: with a second library that refuses what Shadow refuses, and without."""

import ctypes
import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from monerosim.build.compat import COMPAT, PROOF_OF_WORK, CompatError, built_library, install_library, library_of

HERE = Path(__file__).parent
LINKING = {
    "lazy": ["-Wl,-z,lazy"],
    "bound at start, tables read-only": ["-Wl,-z,relro,-z,now"],
    "no procedure table": ["-fno-plt", "-Wl,-z,relro,-z,now"],
    "fixed addresses": ["-no-pie", "-fno-pie", "-Wl,-z,lazy"],
}
EINVAL, EBADF, ENOPROTOOPT = errno.EINVAL, errno.EBADF, errno.ENOPROTOOPT

needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="Shadow, and so the library, is for Linux")


def compile_c(compiler, source, target, *flags):
    subprocess.run([compiler, "-O1", "-Wall", source, "-o", target, *flags], check=True)
    return target


@pytest.fixture(scope="module")
def built(tmp_path_factory, c_compiler):
    directory = tmp_path_factory.mktemp("compat")
    compile_c(c_compiler, HERE / "compat_refuser.c", directory / "refuser.so", "-shared", "-fPIC", "-ldl")
    for number, flags in enumerate(LINKING.values()):
        compile_c(c_compiler, HERE / "compat_caller.c", directory / f"caller-{number}", *flags)
    install_library(COMPAT, directory)
    return directory


def refusing(number):
    """Put the library behind the one that refuses, as Shadow does; a stand-in leads to what comes after the library."""
    both = ["refuser.so", "compat.so"]
    return both[::-1] if list(LINKING)[number] == "fixed addresses" else both


def call(built, *libraries, number=0, refusal=None):
    """Run the caller with these libraries preloaded."""
    environment = {"LD_PRELOAD": ":".join(str(built / library) for library in libraries)}
    environment |= {} if refusal is None else {"REFUSAL": refusal}
    done = subprocess.run([built / f"caller-{number}"], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    lines = [line.split() for line in done.stdout.splitlines()]
    return [(name, *map(int, numbers)) for name, *numbers in lines]


def answers(lines):
    return {line[0]: line[1:] for line in lines}


@needs_linux
@pytest.mark.parametrize("number", range(len(LINKING)), ids=LINKING)
def test_exactly_what_shadow_refuses_is_answered(built, number):
    refused = answers(call(built, "refuser.so", number=number))
    assert refused["service"] == refused["nodelay-off"] == (-1, ENOPROTOOPT)
    assert refused["msync"] == refused["mlock"] == refused["munlock"] == (-1, errno.ENOSYS)
    answered = answers(call(built, *refusing(number), number=number))
    changed = {name for name in refused if answered[name] != refused[name]} - {"asked"}
    assert changed == {
        "service",
        "nodelay-off",
        "msync",
        "mlock",
        "munlock",
        "msync-odd",
        "msync-pointer",
        "sent",
        "same",
    }
    assert all(answered[name] == (0, 0) for name in changed - {"sent", "same"})
    # Shadow takes 65535 bytes at once; Linux, all that there is room for.
    assert (refused["sent"], refused["same"]) == ((65535,), (1, 65535))
    assert (answered["sent"], answered["same"]) == ((150_000,), (1, 150_000))
    assert answered["cork"] == (-1, ENOPROTOOPT)
    assert answered["no-socket"] == (-1, EBADF)
    assert answered["nodelay-short"] == (-1, EINVAL)


@needs_linux
def test_a_call_that_is_not_implemented_is_asked_for_once(built):
    without, with_it = (answers(call(built, *it))["asked"][0] for it in (["refuser.so"], ["refuser.so", "compat.so"]))
    # Three options of sockets, and msync, mlock and munlock: eleven calls without the library.
    assert without == 3 + 11
    assert with_it == 3 + 3


@needs_linux
@pytest.mark.parametrize("number", range(len(LINKING)), ids=LINKING)
def test_where_nothing_is_refused_nothing_changes(built, number):
    plain = call(built, number=number)
    assert call(built, "compat.so", number=number) == plain
    assert answers(plain)["options"] == (0, 8)
    assert answers(plain)["sent"] == (150_000,)
    assert answers(plain)["send-nowhere"] == (-1, EBADF)
    assert answers(plain)["msync-odd"] == (-1, EINVAL)
    passed = call(built, "refuser.so", number=number, refusal="none")
    assert call(built, *refusing(number), number=number, refusal="none") == passed
    assert passed[:-1] == plain


@needs_linux
@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOMEM, errno.EINVAL, errno.EIO])
def test_other_errors_are_passed_on(built, error):
    refused = call(built, "refuser.so", refusal=str(error))
    assert call(built, "refuser.so", "compat.so", refusal=str(error)) == refused
    assert answers(refused)["mlock"] == answers(refused)["service"] == (-1, error)


@pytest.fixture
def compiler(c_compiler, tmp_path, monkeypatch):
    """A compiler that counts how often it is asked, and an empty cache."""
    script = tmp_path / "counting-cc"
    count = tmp_path / "count"
    script.write_text(f'#!/bin/sh\necho x >> {count}\nexec {c_compiler} "$@"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("CC", str(script))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda: len(count.read_text().splitlines()) if count.exists() else 0


@needs_linux
def test_it_is_built_once_a_compiler(tmp_path, compiler, monkeypatch):
    first = built_library(COMPAT)
    install_library(COMPAT, tmp_path)
    assert compiler() == 1
    assert (tmp_path / "compat.so").read_bytes() == first.read_bytes()
    assert first.parent == tmp_path / "cache" / "monerosim"
    assert [path.name for path in first.parent.iterdir()] == [first.name]
    monkeypatch.setenv("CC", f"{os.environ['CC']} -O1")
    assert built_library(COMPAT) != first
    assert compiler() == 2


@needs_linux
def test_a_cache_that_is_no_absolute_path_is_ignored(tmp_path, compiler, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert built_library(COMPAT).parent == tmp_path / "home" / ".cache" / "monerosim"
    assert compiler() == 1


@needs_linux
@pytest.mark.usefixtures("c_compiler")
def test_a_cache_that_cannot_be_used_is_named(monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    with pytest.raises(CompatError, match=r"/proc/nowhere/monerosim, the library's cache, cannot be used"):
        built_library(COMPAT)


def test_a_missing_compiler_is_told_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(CompatError, match=r"no C compiler.*apt-get install gcc.*compat = \"off\""):
        built_library(COMPAT)
    monkeypatch.setenv("CC", "owncc -m64")
    with pytest.raises(CompatError, match=r"environment variable CC \(owncc\)"):
        built_library(COMPAT)


def test_a_compiler_that_fails_is_quoted(tmp_path, monkeypatch):
    script = tmp_path / "badcc"
    script.write_text("#!/bin/sh\necho 'no such header: link.h' >&2\nexit 1\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(CompatError, match="no such header: link"):
        built_library(COMPAT)
    assert list((tmp_path / "cache" / "monerosim").iterdir()) == []
    script.write_text("not a program")
    with pytest.raises(CompatError, match="cannot be used"):
        built_library(COMPAT)


@needs_linux
@pytest.mark.usefixtures("c_compiler")
@pytest.mark.parametrize("name", ["my run", "a:b", "$HOME"])
def test_where_a_run_directory_cannot_be_named_the_library_that_is_kept_serves(tmp_path, name, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    install_library(COMPAT, tmp_path, tmp_path / name)
    assert library_of(tmp_path / name, COMPAT) == built_library(COMPAT)
    assert library_of(tmp_path / "run", COMPAT) == tmp_path / "run" / "compat.so"
    assert not (tmp_path / "compat.so").exists()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "my cache"))
    with pytest.raises(CompatError, match="choose another place"):
        install_library(COMPAT, tmp_path, tmp_path / name)


@needs_linux
@pytest.mark.usefixtures("c_compiler")
def test_a_skipped_hash_is_a_function_of_the_input_alone():
    library = ctypes.CDLL(str(built_library(PROOF_OF_WORK)))

    def hashed(data):
        output = ctypes.create_string_buffer(32)
        library.randomx_calculate_hash(None, data, len(data), output)
        return output.raw

    inputs = [bytes([number]) * length for number in range(8) for length in (1, 43, 76)]
    assert len({hashed(data) for data in inputs}) == len(inputs)
    assert all(hashed(data) == hashed(data) for data in inputs)
    assert len(set(hashed(b"block"))) > 16
