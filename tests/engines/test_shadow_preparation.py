"""What Shadow needs of a run directory beside shadow.yaml."""

from importlib.util import cache_from_source, find_spec
from pathlib import Path

import msgspec
import pytest

from monerosim.build.compile import compile_plan
from monerosim.build.rundir import RunDirectoryError, write_run_directory
from monerosim.scenario import parse

SCENARIO = """
[simulation]
engine = "shadow"
[shadow]
compat = "off"
[participants.patient]
kind = "hodler"
node = {}
"""


@pytest.fixture(scope="module")
def plan():
    return compile_plan(parse(SCENARIO))


def test_the_agents_modules_are_compiled_before_a_run(plan, tmp_path, monkeypatch):
    compiled = [
        Path(cache_from_source(find_spec(name).origin)) for name in ("monerosim.agent.__main__", "actors.users.hodler")
    ]
    for path in compiled:
        path.unlink(missing_ok=True)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    write_run_directory(plan, b"", tmp_path / "run")
    assert all(path.is_file() for path in compiled)


def test_agents_keep_nothing_that_they_compile(plan, tmp_path):
    write_run_directory(plan, b"", tmp_path / "run")
    lines = (tmp_path / "run" / "shadow.yaml").read_text().splitlines()
    environments = [line for line in lines if "PYTHONSAFEPATH" in line]
    assert len(environments) == len(plan.hosts)
    assert all('"PYTHONDONTWRITEBYTECODE":"1"' in line for line in environments)


def test_an_agent_that_cannot_be_loaded_is_told_of_before_the_run(plan, tmp_path):
    host = plan.hosts[0]
    actor = msgspec.structs.replace(host.actors[0], use="gone")
    changed = msgspec.structs.replace(plan, hosts=(msgspec.structs.replace(host, actors=(actor,)),))
    with pytest.raises(RunDirectoryError, match="modules cannot be loaded: unknown actor 'gone'"):
        write_run_directory(changed, b"", tmp_path / "run")
    assert not (tmp_path / "run").exists()
