"""Reading scenarios: what is right, and how everything that is wrong is told."""

import os
from pathlib import Path

import pytest

from monerosim.plugins import PluginFiles
from monerosim.scenario import (
    Node,
    Participant,
    Problem,
    Scenario,
    ScenarioError,
    Simulation,
    Wallet,
    examine,
    load,
    parse,
)
from monerosim.scenario.template import template
from monerosim.units import SECOND, XMR

ROOT = Path(__file__).parents[2]
GOOD = """\
[simulation]
duration = "2h"

[participants.pool]
kind = "mining-pool"
hashrate = 100

[participants.user]
count = 3
node = {}
wallet = { initial_balance = "10 XMR" }
actors = [
    { use = "regular-user", transaction_frequency = 0.2 },
]

[participants.control]
kind = "block-controller"
"""


def problems_of(text: str, *changes: str) -> list[Problem]:
    return list(examine(text.encode(), changes=changes).problems)


def told(text: str, *changes: str) -> dict[str, str]:
    return {problem.place: f"{problem.message} | {problem.hint}" for problem in problems_of(text, *changes)}


def refusal(raw: bytes) -> Problem:
    with pytest.raises(ScenarioError) as raised:
        examine(raw)
    (problem,) = raised.value.problems
    return problem


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.toml")), ids=lambda path: path.stem)
def test_the_ready_scenarios_have_no_problems(path: Path) -> None:
    assert load(path).check(PluginFiles(path.parent)) == ()


def test_the_template_has_no_problems() -> None:
    assert examine(template()).problems == ()


def test_quantities_are_integers_inside() -> None:
    scenario = parse(GOOD)
    wallet = scenario.participants["user"].wallet
    assert scenario.simulation.duration == 7200 * SECOND
    assert wallet is not None
    assert wallet.initial_balance == 10 * XMR


def test_python_takes_the_same_text_and_tables() -> None:
    composed = Scenario(
        simulation=Simulation(duration="2h"),
        participants={
            "pool": {"kind": "mining-pool", "hashrate": 100},
            "user": Participant(
                count=3,
                node={},
                wallet=Wallet(initial_balance="10 XMR"),
                actors=[{"use": "regular-user", "transaction_frequency": 0.2}],
            ),
            "control": Participant(kind="block-controller"),
        },
    )
    assert composed == parse(GOOD)
    assert composed.check() == ()


def test_python_refuses_what_does_not_fit_all_at_once() -> None:
    with pytest.raises(ScenarioError) as raised:
        Simulation(duration="soon", seed=-1)
    assert {problem.place for problem in raised.value.problems} == {"duration", "seed"}


def test_all_errors_are_told_at_once_with_line_and_key() -> None:
    text = GOOD.replace('"2h"', '"2x"').replace("count = 3", "cuont = 3").replace("frequency = 0.2", "frequency = 7")
    found = [(problem.line, problem.place) for problem in problems_of(text)]
    assert found == [
        (2, "simulation.duration"),
        (9, "participants.user.cuont"),
        (13, "participants.user.actors[0].transaction_frequency"),
    ]
    with pytest.raises(ScenarioError) as raised:
        parse(text)
    assert len(raised.value.problems) == len(found)


@pytest.mark.parametrize(
    ("old", "new", "place", "words"),
    [
        ("count = 3", 'count = "3"', "participants.user.count", "expected an integer, got the text"),
        ("count = 3", "count = -3", "participants.user.count", "must be at least 0, got -3"),
        ("count = 3", "count = true", "participants.user.count", "expected an integer, got true"),
        ("count = 3", "count = 200_000", "participants.user.count", "at most 100000"),
        ("count = 3", "count = 1979-05-27", "participants.user.count", "expected an integer, got a date"),
        ("count = 3", "cuont = 3", "participants.user.cuont", 'did you mean "count"?'),
        ("hashrate = 100", "hashrtae = 100", "participants.pool.hashrtae", 'did you mean "hashrate"?'),
        ("hashrate = 100", "hashrate = 100\ncuont = 1", "participants.pool.cuont", 'did you mean "count"?'),
        ("hashrate = 100", "hashrate = 0", "participants.pool.hashrate", "more than 0"),
        ("hashrate = 100", "", "participants.pool.hashrate", "is missing"),
        ("hashrate = 100", "hashrate = nan", "participants.pool.hashrate", "a finite number"),
        ("hashrate = 100", "hashrate = inf", "participants.pool.hashrate", "a finite number"),
        ("hashrate = 100", "hashrate = -inf", "participants.pool.hashrate", "a finite number"),
        ("hashrate = 100", "hashrate = -1", "participants.pool.hashrate", "more than 0"),
        ("hashrate = 100", 'hashrate = "100"', "participants.pool.hashrate", "expected a number, got the text"),
        ("hashrate = 100", "hashrate = true", "participants.pool.hashrate", "expected a number, got true"),
        ('"mining-pool"', '"mining-pol"', "participants.pool.kind", 'did you mean "mining-pool"?'),
        ('"regular-user"', '"reglar-user"', "participants.user.actors[0].use", 'did you mean "regular-user"?'),
        ('use = "regular-user",', "", "participants.user.actors[0].use", 'needs use = "NAME"'),
        ('"10 XMR"', '"10 BTC"', "participants.user.wallet.initial_balance", "expected an amount"),
        ('"10 XMR"', '"-1"', "participants.user.wallet.initial_balance", "expected an amount"),
        ('"2h"', '"0s"', "simulation.duration", "must be more than 0"),
        ('"2h"', '"2h"\nengine = "shadwo"', "simulation.engine", 'did you mean "shadow"?'),
        ("[participants.user]", '[binaries]\nmonrod = "x"\n[participants.user]', "binaries.monrod", '"monerod"'),
        ("[participants.user]", '[binaries]\nmonerod = ""\n[participants.user]', "binaries.monerod", "a name on PATH"),
        ("node = {}", 'node = { binary = "a\\u0000b" }', "participants.user.node.binary", "a name on PATH"),
        ("node = {}", 'node = { flags = "--x" }', "participants.user.node.flags", "expected an array"),
        ("node = {}", 'node = { flags = ["-xyz"] }', "participants.user.node.flags[0]", 'write "--xyz"'),
        ("node = {}", 'node = { flags = ["-h"] }', "participants.user.node.flags[0]", "write its whole name"),
        ("node = {}", 'node = { flags = ["--config-file=x"] }', "participants.user.node.flags[0]", "not be checked"),
        ("node = {}", 'node = { flags = ["--restricted-rpc"] }', "participants.user.node.flags[0]", "make blocks"),
        (
            "node = {}",
            'node = { flags = ["--log-level=1", "log-level 2"] }',
            "participants.user.node.flags[1]",
            "--log-level=2",
        ),
        (
            "node = {}",
            'node = { flags = ["--log-level=1", "--log-level=2"] }',
            "participants.user.node.flags[1]",
            "given twice",
        ),
        ("node = {}", 'node = { flags = ["--data-dir=x"] }', "participants.user.node.flags[0]", "the run directory"),
        (
            "node = {}",
            'node = { flags = ["--fixed-difficulty=9"] }',
            "participants.user.node.flags[0]",
            "consensus.diff",
        ),
        (
            '"10 XMR" }',
            '"10 XMR", flags = ["--rpc-login=a:b"] }',
            "participants.user.wallet.flags[0]",
            "--rpc-login cannot be set here",
        ),
        ('"2h"', '"2h"\nseed = 1.5', "simulation.seed", "expected an integer, got 1.5"),
        ('"2h"', '"2h"\nname = "../x"', "simulation.name", "expected letters"),
        ('"2h"', '"2h"\nbootstrap = "1m"', "simulation.bootstrap", "takes at least"),
        ("count = 3", 'count = 9000\nstagger = "36500d"', "participants.user.stagger", "a hundred years"),
        ('"2h"', '"2h"\nbootstrap_block_interval = "36500d"', "simulation.bootstrap_block_interval", "a hundred years"),
        ("node = {}", "node = 3", "participants.user.node", "expected a table or a text, got 3"),
        ("node = {}", 'node = "pol"', "participants.user.node", 'did you mean "pool"?'),
        ("node = {}", 'node = "control"', "participants.user.node", '"control" has no node of its own'),
        ("node = {}", "", "participants.user.wallet", "a wallet needs a node"),
        ('wallet = { initial_balance = "10 XMR" }', "", "participants.user.actors[0]", "needs a wallet"),
        ("[participants.user]", "[participants.User]", "participants.User", 'such as "user"'),
        ("[participants.user]", f"[participants.{'u' * 60}]", f"participants.{'u' * 60}", "too long"),
        (
            "[participants.user]",
            "[participants.funder]\nnode={}\n[participants.user]",
            "participants.funder",
            "reserved",
        ),
        ("[participants.user]", "[participants.user-002]\n[participants.user]", "participants.user", "used twice"),
        ("[participants.user]", "[netwrok]\n[participants.user]", "netwrok", 'did you mean "network"?'),
        ("[participants.user]", '[network]\ntopology="rong"\n[participants.user]', "network.topology", '"ring"'),
        ("[participants.user]", '[network]\nbandwidth="fast"\n[participants.user]', "network.bandwidth", "100 Mbit"),
        ("[participants.user]", "[network]\nloss=1.0\n[participants.user]", "network.loss", "less than 1"),
        (
            "[participants.user]",
            '[network]\ntopology = { kind = "ring", ltaency = 1 }\n[participants.user]',
            "network.topology.ltaency",
            'did you mean "latency"?',
        ),
        (
            "[participants.user]",
            '[participants.two]\nactors=[{use="block-controller"}]\n[participants.user]',
            "participants.control",
            "at most one",
        ),
    ],
)
def test_an_error_says_where_and_what(old: str, new: str, place: str, words: str) -> None:
    assert old in GOOD
    found = told(GOOD.replace(old, new, 1))
    assert place in found
    assert words in found[place]


def test_what_only_follows_from_another_error_is_not_told() -> None:
    text = GOOD.replace('kind = "mining-pool"', 'kind = "mining-pol"') + '[participants.x]\nnode = "pool"\n'
    assert [problem.place for problem in problems_of(text)] == ["participants.pool.kind"]


@pytest.mark.parametrize(
    ("old", "new", "place", "line"),
    [
        ('"mining-pool"', "5", "participants.pool.kind", 5),
        ("hashrate = 100", "hashrate = nan", "participants.pool.hashrate", 6),
        ("hashrate = 100", "hashrtae = 100", "participants.pool.hashrtae", 6),
        ("hashrate = 100", 'hashrate = 100\nnode = "x"\nwallet = 3', "participants.pool.wallet", 8),
        (
            "[participants.user]\ncount",
            "[participants.x]\nnode = 'user-002'\n[participants.user]\ncuont",
            "participants.user.cuont",
            11,
        ),
        ("node = {}", 'node = { flags = [5, "--offline"] }', "participants.user.node.flags[0]", 10),
    ],
)
def test_what_may_follow_is_not_told_and_the_rest_is(old: str, new: str, place: str, line: int) -> None:
    text = GOOD.replace(old, new, 1).replace('"2h"', '"2x"')
    found = [(it.line, it.place) for it in problems_of(text) if it.place != "participants.pool.node"]
    assert found == [(2, "simulation.duration"), (line, place)]


def test_an_element_that_does_not_fit_leaves_the_others_their_places() -> None:
    text = GOOD.replace("actors = [", 'actors = [\n    7,\n    { use = "churner", bogus = 1 },')
    found = [(it.line, it.place) for it in problems_of(text)]
    assert found == [(13, "participants.user.actors[0]"), (14, "participants.user.actors[1].bogus")]


def test_a_key_without_a_near_one_is_sent_to_the_table_that_has_it() -> None:
    found = told(GOOD.replace("count = 3", 'count = 3\ninitial_balance = "1 XMR"\nflags = ["--a"]'))
    assert found["participants.user.initial_balance"].endswith("| write it in wallet = { ... }")
    assert found["participants.user.flags"].endswith("| write it in node = { ... } or wallet = { ... }")


def test_who_has_no_members_is_not_suggested_as_a_node() -> None:
    text = GOOD.replace("node = {}", 'node = "control"') + "[participants.none]\ncount = 0\nnode = {}\n"
    assert told(text)["participants.user.node"].endswith("| there are: pool")


def test_a_key_of_an_actor_beside_actors_is_sent_there() -> None:
    found = told(GOOD.replace("count = 3", "count = 3\nmin_amount = 3"))
    assert 'beside use = "regular-user"' in found["participants.user.min_amount"]


def test_limits_that_two_keys_share_are_told_at_the_key() -> None:
    found = told(GOOD.replace("transaction_frequency = 0.2", "min_amount = 3, max_amount = 2"))
    assert "max_amount" in found["participants.user.actors[0].min_amount"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("hashrate = 100", "hashrate = 90", "add up to 90"),
        ('[participants.control]\nkind = "block-controller"', "", "no block controller"),
        ('[participants.control]\nkind = "block-controller"', "[participants.usr]\ncount = 2", "takes no part"),
        ('kind = "mining-pool"\nhashrate = 100', "node = {}", "no miner that awaits it"),
        ("count = 3", 'count = 3\nstart = "3h"', "but the run ends at 2h"),
    ],
)
def test_a_warning_leaves_the_scenario_usable_unless_it_is_strict(old: str, new: str, words: str) -> None:
    text = GOOD.replace(old, new, 1)
    problems = problems_of(text)
    assert {problem.severity for problem in problems} == {"warning"}
    assert any(words in problem.message for problem in problems)
    assert parse(text)
    with pytest.raises(ScenarioError):
        parse(text.replace('"2h"', '"2h"\nstrict = true'))


def test_wallets_where_nobody_finds_blocks_are_a_warning() -> None:
    text = """
[participants.user]
kind = "hodler"
count = 2
"""
    (problem,) = problems_of(text)
    assert (problem.severity, problem.place) == ("warning", "participants.user")
    assert problem.message == "nobody finds blocks: no payment will be confirmed"
    assert not problems_of(text + '[participants.miner]\nkind = "constant-mining"\n')


def test_all_that_does_not_go_together_is_told() -> None:
    keys = 'min_amount = 3, max_amount = 2, orders = true, destinations = 4, recipients = "any", bogus = 1'
    places = [it.place for it in problems_of(GOOD.replace("transaction_frequency = 0.2", keys))]
    where = "participants.user.actors[0]"
    assert sorted(places) == [f"{where}.{it}" for it in ("bogus", "destinations", "min_amount", "recipients")]
    both = "transaction_interval = 5, transaction_frequency = 7"
    assert list(told(GOOD.replace("transaction_frequency = 0.2", both))) == [f"{where}.transaction_frequency"]


def test_what_does_not_go_together_with_a_default_is_told_at_the_key_that_is_there() -> None:
    found = told(GOOD.replace("transaction_frequency = 0.2", "max_amount = 0.01"))
    assert list(found) == ["participants.user.actors[0].max_amount"]


def test_balances_beyond_all_coins_are_an_error() -> None:
    assert "lower them" in told(GOOD.replace('"10 XMR"', '"18000000 XMR"'))["participants.user.wallet.initial_balance"]


def test_balances_need_somebody_with_a_node() -> None:
    text = '[participants.a]\ncount = 0\nnode = {}\n[participants.b]\nwallet = { initial_balance = 1 }\nnode = "a"\n'
    assert "has no members" in told(text)["participants.b.node"]


@pytest.mark.parametrize(
    ("raw", "words", "line"),
    [
        (b"\x7fELF\x02\x00\x00", "NUL byte", 1),
        (b"a = 1\nb = '\xff'\n", "UTF-8", 2),
        (b"x" * 10 * 2**20, "at most 1 MiB", None),
        (b"a = 1\nb = = 2\n", "not valid TOML", 2),
        (b"[a]\nb = 1\n[a]\n", "used twice", 3),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deeply", None),
        (b"a = " + b"[" * 60 + b"]" * 60, "nested more than 32 deep", None),
        (b".".join([b"a"] * 5000) + b" = 1", "nested", None),
        (b"a = " + b"9" * 5000, "number is too large", None),
    ],
    ids=["binary", "latin-1", "large", "syntax", "twice", "deep", "nested", "dotted", "digits"],
)
def test_a_file_that_is_no_scenario_is_a_clean_error(raw: bytes, words: str, line: int | None) -> None:
    problem = refusal(raw)
    assert words in problem.message
    assert problem.line == line


def test_an_empty_file_says_what_to_do() -> None:
    (problem,) = problems_of("")
    assert "no participants" in problem.message
    assert "monerosim new" in problem.hint


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    text = GOOD.replace("\n", "\r\n").replace("count = 3", "cuont = 3")
    (problem,) = examine(b"\xef\xbb\xbf" + text.encode()).problems
    assert problem.line == 9


def test_a_number_that_is_too_large_does_not_hide_the_rest() -> None:
    problems = problems_of(GOOD.replace('"2h"', '"2x"\nseed = 9223372036854775808'), f"participants.user.count={2**64}")
    assert [(it.line, it.place) for it in problems[:2]] == [(2, "simulation.duration"), (3, "simulation.seed")]
    assert [it.message for it in problems[1:]] == ["an integer has at most 64 bits"] * 2
    assert problems[2].place == f"--set participants.user.count={2**64}"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ScenarioError, match="cannot be read: not a regular file"):
        load(tmp_path / "pipe.toml")


def test_too_many_participants_do_not_hide_a_name() -> None:
    found = told("[participants.L]\ncount = 90000\nnode = {}\n[participants.b]\ncount = 90000\nnode = {}\n")
    assert {"participants", "participants.L"} == set(found)


def test_a_file_that_cannot_be_read_is_a_clean_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing.toml", tmp_path / ("x" * 5000), "with\0nul"):
        with pytest.raises(ScenarioError, match="cannot be read"):
            load(path)


def test_seed_and_changes_replace_values() -> None:
    scenario = parse(
        GOOD,
        seed=7,
        changes=[
            "participants.user.count=5",
            "simulation.name=other",
            "participants.user.actors[0].max_amount = 3.5",
            'participants."user".stagger="2s"',
            "participants.new.kind=regular-user",
        ],
    )
    assert scenario.simulation.seed == 7
    assert scenario.simulation.name == "other"
    assert scenario.participants["user"].count == 5
    assert scenario.participants["user"].stagger == 2 * SECOND
    assert scenario.participants["user"].actors[0]["max_amount"] == 3.5
    assert scenario.participants["new"].kind == "regular-user"


def test_all_changes_that_cannot_be_made_are_told_beside_what_is_wrong_in_the_file() -> None:
    found = problems_of(GOOD.replace("count = 3", "cuont = 3"), "foo", "bar.x=3", "participants.user.wallet[0]=1")
    assert [(it.line, it.place) for it in found] == [
        (9, "participants.user.cuont"),
        (None, "--set foo"),
        (None, "--set participants.user.wallet[0]=1"),
        (None, "--set bar.x=3"),
    ]


def test_an_error_from_a_change_names_the_change() -> None:
    (problem,) = problems_of(GOOD, "participants.user.actors=[{use='reglar-user'}]")
    assert problem.place.startswith("--set participants.user.actors=")
    assert problem.line is None
    assert "[0].use" in problem.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("nonsense", "KEY.PATH=VALUE"),
        ("=3", "KEY.PATH=VALUE"),
        ("a..b=3", "KEY.PATH=VALUE"),
        ("participants.user.count.x=3", "is 3, not a table"),
        ("participants.user.actors.0.max_amount=3", "is an array, not a table"),
        ("participants.user.actors[4].use=x", "has 1 elements"),
        ("participants.user.count[0]=x", "not an array"),
        ("simulation.seed=99999999999999999999", "64 bits"),
        ("simulation.x=" + "[" * 100 + "]" * 100, "nested"),
        ("simulation.name=\udcff", "UTF-8"),
    ],
)
def test_a_change_that_cannot_be_made_is_a_clean_error(change: str, words: str) -> None:
    (problem,) = problems_of(GOOD, change)
    assert words in problem.message
    assert problem.place.startswith("--set ")
    with pytest.raises(ScenarioError):
        parse(GOOD, changes=[change])


def test_node_keeps_its_options() -> None:
    assert parse(GOOD, changes=["participants.user.node={connections=3}"]).participants["user"].node == Node(
        connections=3
    )


def test_a_participant_cannot_be_the_funder():
    found = told('[participants.bank]\nkind = "funder"\nnode = {}\nwallet = {}\n')
    assert "is no participant's" in found["participants.bank"]
