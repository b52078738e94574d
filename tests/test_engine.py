"""What is wrong with a class that is offered as an engine."""

import importlib
import sys

import pytest

from monerosim.engine import ENGINES, Engine, EngineError, Timings, engine_names, load_engine
from monerosim.scenario import examine

PLAY = "    def play(self, plan, directory, *, trace_level, on_progress):\n        return 0\n"
HEAD = "from monerosim.engine import Engine\n"

BAD = {
    "def thing(plan, directory):\n    return 0\n": "is no class derived from monerosim.engine.Engine",
    f"class thing:\n{PLAY}": "is no class derived from monerosim.engine.Engine",
    "class thing(Engine):\n    real_programs = False\n": "does not define play",
    f"class thing(Engine):\n    real_programs = 'yes'\n{PLAY}": 'has "real_programs" that is neither True nor False',
    f"class thing(Engine):\n    timings = 3\n{PLAY}": 'has "timings" that is no method',
    f"class thing(Engine):\n    def timings(self, hosts):\n        return None\n{PLAY}": (
        "has timings(self, hosts) that cannot be called as Engine.timings is: too many positional arguments"
    ),
    PLAY.replace("on_progress", "watch").replace("    def", "class thing(Engine):\n    def", 1): (
        "cannot be called as Engine.play is: "
    ),
    f"class thing(Engine):\n    def __init__(self, size):\n        pass\n{PLAY}": (
        "cannot be made without arguments: TypeError: "
    ),
}


@pytest.fixture
def offer(tmp_path, monkeypatch):
    """Put a package with an engine where Python finds it, as if it had been installed."""

    def install(code):
        (tmp_path / "offered.py").write_text(HEAD + code)
        info = tmp_path / "offered-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offered\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[monerosim.engines]\noffered = offered:thing\n")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        ENGINES.reload()

    yield install
    ENGINES.reload()
    sys.modules.pop("offered", None)


@pytest.mark.parametrize(("code", "wrong"), BAD.items(), ids=range(len(BAD)))
def test_what_is_wrong_with_a_class_is_named_with_where_it_is_from(offer, code, wrong):
    offer(code)
    with pytest.raises(EngineError) as raised:
        load_engine("offered")
    assert str(raised.value).startswith("the engine 'offered' (offered:thing, package offered) ")
    assert wrong in str(raised.value)
    (problem,) = examine(b'[simulation]\nengine = "offered"\n[participants.a]\nnode = {}\n').errors
    assert (problem.place, problem.message) == ("simulation.engine", str(raised.value))


def test_one_method_is_enough(offer):
    offer(f"class thing(Engine):\n{PLAY}")
    engine = load_engine("offered")
    assert isinstance(engine, Engine)
    assert not engine.real_programs
    assert engine.timings(hosts=5, nodes=2) == Timings()
    assert engine.addresses(2) == ["11.0.0.1", "11.0.0.2"]


def test_what_an_engine_does_not_record_is_a_warning_with_its_line(offer):
    offer(f"class thing(Engine):\n    unheeded = {{'record.stems': 'it has none'}}\n{PLAY}")
    text = b'simulation.engine = "offered"\n[record]\nstems = "all"\ntxpool = "all"\n[participants.a]\nnode = {}\n'
    assert [(str(problem), problem.severity) for problem in examine(text).problems] == [
        ("line 3, record.stems: the engine offered does not heed it: it has none", "warning")
    ]


def test_an_unknown_engine_is_an_error_with_those_there_are():
    with pytest.raises(EngineError, match="unknown engine 'abacus'; there are embedded, local, shadow"):
        load_engine("abacus")
    assert {"embedded", "local", "shadow"} <= set(engine_names())


@pytest.mark.parametrize("name", ["embedded", "local", "shadow"])
def test_all_hosts_have_addresses_of_their_own(name):
    addresses = load_engine(name).addresses(1_000)
    assert len(set(addresses)) == 1_000
