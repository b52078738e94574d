"""Actors and topologies in a scenario's own files, from the file to the run."""

import os
import re
import subprocess
import sys
import time

import msgspec
import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator

from monerosim import Run, run
from monerosim.catalogue.schema import scenario_schema
from monerosim.cli import main
from monerosim.events import UnknownEvent
from monerosim.events.traces import read_traces
from monerosim.plan.environment import EPOCH_VARIABLE
from monerosim.plan.plan import decode_plan
from monerosim.plugins import PluginFiles
from monerosim.runs import RunError, play
from monerosim.scenario import ScenarioError, load
from monerosim.units import SECOND

COUNTER = """
from monerosim.config import Config, Duration, duration
from monerosim.agent.actor import handles
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Message

starts = []


class GetCount(Message[int], frozen=True):
    "Ask for the count."


class CounterConfig(Config, frozen=True):
    step: int = 1
    interval: Duration = duration("1m")


class Counter(Behaviour):
    "Counts minutes."

    Config = CounterConfig

    def begin(self):
        starts.append(self.host.name)
        self.count = 0
        self.every(self.config.interval.seconds, self.tick)

    def tick(self):
        self.count += self.config.step
        self.log.info("counts {} of {}", self.count, len(starts))

    @handles(GetCount)
    def on_get_count(self, _):
        return self.count
"""

SCENARIO = """
[simulation]
name = "files"
duration = "5m"

[participants.miner]
node = {}

[participants.one]
kind = "./mine.py:Counter"
step = 2

[participants.other]
actors = [
    { use = "./lib/yours.py:Counter" },
    { use = "./mine.py:Counter", step = 3 },
]
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "mine.py").write_text(COUNTER)
    (tmp_path / "lib" / "yours.py").write_text(COUNTER.replace("counts {}", "reckons {}"))
    (tmp_path / "scenario.toml").write_text(SCENARIO)
    return tmp_path


def problems(place, use, kind="actors"):
    text = f'[participants.one]\nactors = [{{ use = "{use}" }}]\n'
    if kind == "topology":
        text = f'[network]\ntopology = "{use}"\n[participants.one]\nnode = {{}}\n'
    (place / "bad.toml").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(place / "bad.toml")
    (problem,) = caught.value.problems
    assert problem.place == ("network.topology" if kind == "topology" else "participants.one.actors[0].use")
    assert problem.line == 2
    return problem


def texts(played, participant, actor):
    return [line.text for line in played.traces(participants=(participant,), actors=(actor,))]


def test_actors_in_files_are_played_and_kept_with_the_run(place):
    played = run(place / "scenario.toml", place / "run")
    assert played.summary.completed
    assert texts(played, "one", "counter")[:2] == ["counts 2 of 2", "counts 4 of 2"]
    # Two of a name are numbered, whichever files they are from; each file has its own state.
    assert texts(played, "other", "counter-1")[:2] == ["reckons 1 of 1", "reckons 2 of 1"]
    assert texts(played, "other", "counter-2")[:1] == ["counts 3 of 2"]
    assert (place / "run/plugins/mine.py").read_text() == COUNTER
    assert (place / "run/plugins/lib/yours.py").exists()


def test_a_run_that_was_built_plays_what_it_was_built_with(place):
    first = run(place / "scenario.toml", place / "first")
    assert CliRunner().invoke(main, ["build", str(place / "scenario.toml"), "-o", str(place / "run")]).exit_code == 0
    (place / "mine.py").write_text("1 // 0")
    (place / "lib/yours.py").unlink()
    again = play(place / "run")
    assert again.summary.digest == first.summary.digest
    # A second run in the same process does not see what the first one's code has kept.
    assert texts(again, "one", "counter") == texts(first, "one", "counter")


def test_a_run_whose_code_was_changed_is_not_played(place):
    CliRunner().invoke(main, ["build", str(place / "scenario.toml"), "-o", str(place / "run")])
    (place / "run/plugins/mine.py").write_text(COUNTER + "\n")
    with pytest.raises(RunError, match=r"mine\.py has changed since the run was built: build it again"):
        play(place / "run")


def test_an_agent_beside_real_daemons_plays_the_runs_copy(place):
    """It needs no daemons of its own here, so neither does the test."""
    changes = ("--set", 'participants={one={kind="./mine.py:Counter", interval="100ms"}}', "--engine", "local")
    built = CliRunner().invoke(main, ["build", str(place / "scenario.toml"), *changes, "-o", str(place / "run")])
    assert built.exit_code == 0, built.output
    (place / "mine.py").unlink()
    plan = decode_plan((place / "run/plan.json").read_bytes())
    epoch = time.time() - plan.time_zero / SECOND
    agent = subprocess.Popen(
        [sys.executable, "-m", "monerosim.agent", "--plan", "run/plan.json", "--host", "one"],
        cwd=place,
        env=os.environ | {EPOCH_VARIABLE: str(epoch)},
    )
    try:
        deadline = time.monotonic() + 30
        while not any(line.text == "counts 3 of 1" for line in read_traces(place / "run/hosts")):
            assert agent.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        agent.terminate()
        assert agent.wait(30) == 0


def test_the_plan_depends_on_what_the_code_says_not_on_where_it_is(place, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for path in ("mine.py", "lib/yours.py", "scenario.toml"):
        (elsewhere / path).parent.mkdir(exist_ok=True)
        (elsewhere / path).write_bytes((place / path).read_bytes())
    for where in (place, elsewhere):
        CliRunner().invoke(main, ["build", str(where / "scenario.toml"), "-o", str(where / "run")])
    plans = [(where / "run/plan.json").read_bytes() for where in (place, elsewhere)]
    assert plans[0] == plans[1]
    assert set(decode_plan(plans[0]).plugins) == {"mine.py", "lib/yours.py"}


@pytest.mark.parametrize(
    "use",
    [
        "/etc/mine.py:Counter",
        "../mine.py:Counter",
        "./../mine.py:Counter",
        "./lib/../mine.py:Counter",
        "./lib/./mine.py:Counter",
        "./.mine.py:Counter",
        "./mine.txt:Counter",
        "./mine.py",
        "./mine.py:",
        "./mine.py:Counter.Config",
        "./mine.py:Counter()",
        "./mine.py:1",
        ".\\\\mine.py:Counter",
        "os.path:join",
        "monerosim.agent.behaviour:Behaviour",
    ],
)
def test_only_classes_in_files_below_the_scenario_can_be_named(place, use):
    assert 'expected "./FILE.py:CLASS"' in problems(place, use).message


def test_a_file_that_is_no_module_of_reasonable_size_is_refused(place):
    (place / "huge.py").write_bytes(b"#" * (2**20 + 1))
    assert "huge.py is larger than 1 MiB" in problems(place, "./huge.py:Mine").message


def test_a_link_does_not_lead_out_of_the_scenarios_directory(place, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "mine.py"
    outside.write_text(COUNTER)
    (place / "link.py").symlink_to(outside)
    (place / "loop.py").symlink_to(place / "loop.py")
    (place / "folder.py").mkdir()
    assert "is outside of the scenario's directory" in problems(place, "./link.py:Counter").message
    assert "loop.py" in problems(place, "./loop.py:Counter").message
    assert "no such file" in problems(place, "./folder.py:Counter").message


@pytest.mark.parametrize(
    ("use", "message", "hint"),
    [
        ("mine.py:Counter", 'expected "./FILE.py:CLASS"', 'did you mean "./mine.py:Counter"?'),
        ("./mien.py:Counter", "no such file", 'did you mean "./mine.py"?'),
        ("./dim.py:Counter", "no such file", ""),
        ("./mine.py:Conuter", 'there is no "Conuter" in mine.py', 'did you mean "Counter"?'),
        ("reglar-user", 'unknown behaviour "reglar-user"', 'did you mean "regular-user"?'),
    ],
)
def test_near_misses_are_suggested(place, use, message, hint):
    problem = problems(place, use)
    assert message in problem.message
    assert problem.hint == hint


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("class Mine(:", r"bad\.py cannot be loaded: SyntaxError: .*bad\.py, line 1"),
        ("x = 1\n\ny = {}['z']", r"bad\.py cannot be loaded: KeyError: 'z' \(.*bad\.py, line 3\)"),
        ("import no_such_module", r"ModuleNotFoundError: No module named 'no_such_module' \(.*bad\.py, line 1\)"),
        ("raise SystemExit(3)", r"cannot be loaded: SystemExit: 3"),
        ("x = '\xff'", r"SyntaxError: .*"),
        ("Mine = 3", r"'\./bad\.py:Mine' is no Behaviour"),
        ("class Mine: pass", r"is no Behaviour"),
        ("class Other: pass", r'there is no "Mine" in bad\.py'),
        ("{base}class Mine(Behaviour): Config = dict", r"has a Config that is not a monerosim\.config\.Config"),
        ("{base}class Mine(Behaviour): Config = None", r"has a Config that is not a monerosim\.config\.Config"),
        (
            "{base}class C(Config, frozen=True): x: object = 1j\nclass Mine(Behaviour): Config = C",
            r"has a Config that TOML cannot express",
        ),
        (
            "{base}class C(Config, frozen=True): x: 'Nowhere'\nclass Mine(Behaviour): Config = C",
            r"has a Config that TOML cannot express: .*Nowhere",
        ),
        ("{base}class Mine(Behaviour): needs = {'luck'}", r'has "needs" that are not among'),
    ],
)
def test_a_broken_file_is_named_and_the_place_in_it(place, code, message):
    base = "from monerosim.config import Config\nfrom monerosim.agent.behaviour import Behaviour\n"
    (place / "bad.py").write_text(code.replace("{base}", base), encoding="latin-1")
    told = problems(place, "./bad.py:Mine").message
    assert re.search(message, told), told
    assert "\n" not in told


def test_a_broken_file_is_no_traceback_on_the_command_line(place):
    (place / "mine.py").write_text("class Counter(:")
    result = CliRunner().invoke(main, ["check", str(place / "scenario.toml")])
    assert result.exit_code == 2
    assert "scenario.toml:10: error: participants.one.kind: mine.py cannot be loaded: SyntaxError" in result.output
    # The other file's actor is usable.
    assert "yours.py" not in result.output
    assert "2 errors" in result.output


def test_a_key_that_is_at_the_wrong_place_is_told_even_beside_a_broken_actor(place):
    (place / "bad.toml").write_text(
        '[participants.one]\nstep = 3\nactors = [{ use = "./mine.py:Counter" }]\n'
        '[participants.two]\nstep = 3\nactors = [{ use = "./gone.py:Counter" }]\n'
    )
    with pytest.raises(ScenarioError) as caught:
        load(place / "bad.toml")
    told = {problem.place: problem for problem in caught.value.problems}
    assert told["participants.one.step"].hint == 'write it in actors, beside use = "./mine.py:Counter"'
    assert "participants.two.step" in told
    assert "no such file" in told["participants.two.actors[0].use"].message


def test_a_files_options_are_checked_by_its_config(place):
    (place / "bad.toml").write_text('[participants.one]\nkind = "./mine.py:Counter"\nstpe = 2\ninterval = "soon"\n')
    with pytest.raises(ScenarioError) as caught:
        load(place / "bad.toml")
    told = {problem.place: problem.hint for problem in caught.value.problems}
    assert told["participants.one.stpe"] == 'did you mean "step"?'
    assert "participants.one.interval" in told


PAIRS = """
from monerosim.plan.plan import LinkPlan, TopologyPlan
from monerosim.topology import Topology


def link(source, target, latency=1000):
    return LinkPlan(source=source, target=target, latency=latency, loss=0.0)


def plan(places, hosts, *links):
    where = {{host: number % places for number, host in enumerate(hosts)}}
    return TopologyPlan(bandwidth=(10**9,) * places, links=links, places=where)


class Pairs(Topology, frozen=True):
    "Two places."

    far: int = 100_000

    def build(self, hosts):
        {first}
        return plan(2, hosts, link(0, 0), link(1, 1), link(0, 1, self.far))
"""

IN_PAIRS = """
[network]
topology = { kind = "./pairs.py:Pairs", far = 70000 }
[participants.user]
count = 3
node = {}
"""


def build(place, first=""):
    (place / "pairs.py").write_text(PAIRS.format(first=first))
    (place / "pairs.toml").write_text(IN_PAIRS)
    return CliRunner().invoke(main, ["build", str(place / "pairs.toml"), "-o", str(place / "pairs-run")])


def test_a_topology_in_a_file_places_the_hosts(place):
    assert build(place).exit_code == 0
    plan = decode_plan((place / "pairs-run/plan.json").read_bytes())
    assert plan.topology.places == {"user-001": 0, "user-002": 1, "user-003": 0}
    assert plan.topology.links[2].latency == 70_000
    assert (place / "pairs-run/plugins/pairs.py").exists()


@pytest.mark.parametrize(
    ("first", "message"),
    [
        ("1 // 0", "Pairs.build failed: ZeroDivisionError"),
        ("return None", "Pairs.build returned a NoneType, not a TopologyPlan"),
        ("hosts = hosts[1:]", 'Pairs.build gave "user-001" no place'),
        ("return plan(1, hosts, link(0, 7))", "Pairs.build made a link from 0 to 7, but there are 1 places"),
        ("return plan(1, hosts, link(0, 0, 0))", "Pairs.build made a link from 0 to 0 with latency 0"),
        ("return plan(1, hosts)", "Pairs.build made no link from place 0 to itself"),
        ("return plan(2, hosts, link(0, 0), link(1, 1))", "Pairs.build left no path from place 0 to place 1"),
    ],
)
def test_a_topology_that_makes_no_network_is_an_error_at_its_place(place, first, message):
    result = build(place, first)
    assert result.exit_code == 2
    assert f"error: network.topology: {message}" in result.output


def test_a_topology_that_cannot_be_built_is_told_with_its_line_and_all_else(place):
    (place / "pairs.py").write_text(PAIRS.format(first="raise ValueError(hosts[-1])"))
    text = '[network]\ntopology = { kind = "./pairs.py:Pairs", far = 1 }\n[participants.one]\nnode = {}\nbogus = 1\n'
    (place / "bad.toml").write_text(text)
    with pytest.raises(ScenarioError) as caught:
        load(place / "bad.toml")
    first, second = caught.value.problems
    assert (first.line, first.message) == (2, "Pairs.build failed: ValueError: one")
    assert (second.line, second.place) == (5, "participants.one.bogus")


def test_a_file_that_is_no_topology_is_an_error_at_its_place(place):
    assert "is not a Topology" in problems(place, "./mine.py:Counter", "topology").message
    assert "no such file" in problems(place, "./gone.py:Counter", "topology").message


def test_the_schema_takes_files():
    validator = Draft7Validator(scenario_schema())
    good = {"participants": {"a": {"kind": "./a.py:A", "x": 1, "count": 2}, "b": {"actors": [{"use": "./a.py:A"}]}}}
    assert not list(validator.iter_errors({**good, "network": {"topology": {"kind": "./a.py:T", "far": 3}}}))
    assert list(validator.iter_errors({"participants": {"a": {"kind": "../a.py:A"}}}))
    assert list(validator.iter_errors({"participants": {"a": {"kind": "./a.py:A", "count": "2"}}}))
    assert list(validator.iter_errors({"network": {"topology": "/a.py:T"}}))


WATCHED = """
from monerosim.agent.behaviour import Behaviour
from monerosim.events import Event


class Struck(Event, frozen=True):
    "A clock struck."

    hour: int


class Clock(Behaviour):
    "Strikes."

    emits = (Struck,)

    def begin(self):
        self.every(60, self.strike)

    def strike(self):
        self.emit(Struck(self.clock.microseconds() // 60_000_000))
"""
STRIKES = '[simulation]\nduration = "5m"\n[participants.tower]\nkind = "./clock.py:Clock"\n'


def test_an_event_of_a_file_takes_that_file_alone_and_reading_runs_no_code(tmp_path):
    (tmp_path / "clock.py").write_text(WATCHED)
    (tmp_path / "scenario.toml").write_text(STRIKES)
    command = [sys.executable, "-m", "monerosim.cli", "run", "scenario.toml", "--quiet", "-o", "run"]
    subprocess.run(command, check=True, cwd=tmp_path)
    before = set(sys.modules)
    played = Run(tmp_path / "run")
    (tmp_path / "run/summary.json").rename(tmp_path / "summary.json")
    played.read_back()
    assert not [name for name in set(sys.modules) - before if name.startswith("monerosim_file")]
    unread, summary = list(played.events()), played.summary
    assert [record.data for record in unread][:2] == [UnknownEvent("struck", {"hour": hour}) for hour in (1, 2)]
    assert summary.unknown_events == {"struck": len(unread)}
    known = msgspec.json.decode((tmp_path / "summary.json").read_bytes())
    assert (known["digest"], known["unknown_events"]) == (summary.digest, {})
    Struck = PluginFiles.of_run(tmp_path / "run", played.plan.plugins).load("./clock.py:Struck")  # noqa: N806  (a class)
    assert [record.data for record in played.events()][:2] == [Struck(1), Struck(2)]


def test_two_files_of_a_scenario_do_not_declare_one_event(tmp_path):
    (tmp_path / "clock.py").write_text(WATCHED)
    (tmp_path / "other.py").write_text(WATCHED + "# other\n")
    (tmp_path / "scenario.toml").write_text(STRIKES + '[participants.house]\nkind = "./other.py:Clock"\n')
    with pytest.raises(ScenarioError, match=r"other\.py and clock\.py both declare events struck"):
        load(tmp_path / "scenario.toml")
    # Another scenario's file may.
    (tmp_path / "scenario.toml").write_text(STRIKES.replace("clock.py", "other.py"))
    load(tmp_path / "scenario.toml")


def test_an_event_of_a_file_does_not_take_the_place_of_an_own_one(tmp_path):
    (tmp_path / "clock.py").write_text(WATCHED.replace("Struck", "BlockFound"))
    (tmp_path / "scenario.toml").write_text(STRIKES)
    with pytest.raises(ScenarioError, match="'block-found'"):
        load(tmp_path / "scenario.toml")


def test_a_behaviour_whose_event_cannot_be_read_back_is_refused(tmp_path):
    (tmp_path / "clock.py").write_text(WATCHED.replace("hour: int", "hour: 'Hour'"))
    (tmp_path / "scenario.toml").write_text(STRIKES)
    with pytest.raises(ScenarioError, match='has "emits" in which Struck has fields that cannot be read back'):
        load(tmp_path / "scenario.toml")
    # Mended, it takes the place of the other, also for the tests that list all events.
    (tmp_path / "other.py").write_text(WATCHED)
    (tmp_path / "scenario.toml").write_text(STRIKES.replace("clock.py", "other.py"))
    load(tmp_path / "scenario.toml")
