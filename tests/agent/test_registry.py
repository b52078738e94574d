"""Building blocks are found by their entry points."""

import sys

import pytest

from monerosim.agent import registry as blocks
from monerosim.agent.actor import Actor
from monerosim.agent.behaviour import Behaviour
from monerosim.plugins import PluginError

WRONG = """
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import Message


class Howl(Message[None], frozen=True):
    pass


class Deaf(Behaviour):
    commands = {"howl": Howl}


class Seven(Behaviour):
    commands = {"howl": 7}


class Listed(Behaviour):
    commands = ["howl"]


class Lonely(Behaviour):
    def __init__(self, host):
        super().__init__(host, "lonely", None)


class Demanding(Behaviour):
    def __init__(self, host, name, config, more):
        super().__init__(host, name, config)
"""
GOOD = "from monerosim.agent.behaviour import Behaviour\nclass Sheep(Behaviour): pass\nclass Stone: pass\n"


@pytest.fixture(autouse=True)
def _fields(install_blocks):
    install_blocks(
        "farm",
        GOOD,
        {
            "sheep": "farm:Sheep",
            "stone": "farm:Stone",
            "sheep-function": "farm:GOOD",
            "wolf": "farm:Wolf",
            "ghost": "no_such_farm:Ghost",
        },
    )
    install_blocks("broken_farm", "1 // 0", {"broken": "broken_farm:Anything"})


def test_a_block_is_loaded_by_name():
    sheep = blocks.load_behaviour("sheep")
    assert issubclass(sheep, Behaviour)
    assert sheep.__name__ == "Sheep"
    assert {"sheep", "broken", "regular-user"} <= set(blocks.behaviour_names())
    assert blocks.behaviour_names() == sorted(blocks.behaviour_names())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cow", r"unknown actor 'cow'; there are .*sheep"),
        ("stone", r"'stone' \(farm:Stone, package farm\) is no Behaviour"),
        ("wolf", r"'wolf' \(farm:Wolf, package farm\) cannot be loaded: .*Wolf"),
        ("ghost", r"'ghost' \(no_such_farm:Ghost, package farm\) cannot be loaded: ModuleNotFoundError: No module"),
        ("broken", r"'broken' .* cannot be loaded: .*division"),
    ],
)
def test_a_block_that_cannot_be_had_is_named(name, message):
    with pytest.raises(PluginError, match=message):
        blocks.load_behaviour(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("deaf", r"'deaf' \(pack:Deaf, package pack\) has the command 'howl' and does not handle its message Howl"),
        ("seven", r"""has "commands" in which 'howl' is no name of a Message"""),
        ("listed", r'has "commands" that are no mapping'),
        (
            "lonely",
            r"cannot be made of a host, a name and a config.*: its __init__: too many positional arguments",
        ),
        ("demanding", r"cannot be made of .*: its __init__: missing a required argument: 'more'"),
    ],
)
def test_a_block_that_could_not_be_told_or_made_is_refused(install_blocks, name, message):
    install_blocks("pack", WRONG, {name: f"pack:{name.title()}"})
    with pytest.raises(PluginError, match=message):
        blocks.load_behaviour(name)


def test_a_name_that_two_packages_have_is_nobodys(install_blocks):
    install_blocks("zoo", GOOD, {"sheep": "zoo:Sheep", "lamb": "zoo:Sheep"})
    with pytest.raises(PluginError, match=r"the actor 'sheep' is defined by several packages: farm, zoo"):
        blocks.load_behaviour("sheep")
    listed = {(it.name, it.package): it for it in blocks.ACTORS.installed()}
    for package in ("farm", "zoo"):
        with pytest.raises(PluginError, match="several packages"):
            blocks.ACTORS.load_installed(listed["sheep", package])
    assert blocks.ACTORS.load_installed(listed["lamb", "zoo"]).__module__ == "zoo"


@pytest.mark.parametrize("name", ["Sheep", "black sheep", "s" * 64, "-sheep"])
def test_a_name_that_nothing_can_be_called_is_refused(install_blocks, name):
    install_blocks("zoo", GOOD, {name: "zoo:Sheep"})
    with pytest.raises(PluginError, match=r"\(zoo:Sheep, package zoo\) has no valid name"):
        blocks.load_behaviour(name)


def test_a_file_is_not_known_where_no_directory_is():
    with pytest.raises(PluginError, match="files are not known here"):
        blocks.load_behaviour("./mine.py:Mine")


@pytest.mark.parametrize("name", blocks.HOST_ACTORS)
def test_a_hosts_own_actors_are_found_and_are_no_behaviours(name):
    actor = blocks.load_actor(name)
    assert issubclass(actor, Actor)
    assert not issubclass(actor, Behaviour)
    assert name in blocks.ACTORS.names()
    assert name not in blocks.behaviour_names()
    with pytest.raises(PluginError, match=f"'{name}' is one of a host's own actors, not a behaviour"):
        blocks.load_behaviour(name)


def test_the_names_of_behaviours_are_known_without_importing_any(install_blocks):
    install_blocks("unread", "raise AssertionError", {"unread": "unread:Anything"})
    assert "unread" in blocks.behaviour_names()
    assert "unread" not in sys.modules


def test_a_plain_actor_is_no_behaviour(install_blocks):
    install_blocks(
        "plain", "from monerosim.agent.actor import Actor\nclass Plain(Actor): pass\n", {"plain": "plain:Plain"}
    )
    with pytest.raises(PluginError, match="the actor 'plain' is no Behaviour"):
        blocks.load_behaviour("plain")


def test_an_unknown_name_is_compared_with_behaviours_alone():
    with pytest.raises(PluginError, match="unknown actor 'mailbos'") as raised:
        blocks.load_behaviour("mailbos")
    assert set(raised.value.valid) == set(blocks.behaviour_names())


def test_the_proxies_list_their_messages():
    from actors.host.node_proxy import GetInfo  # noqa: PLC0415
    from actors.host.wallet_proxy import GetBalance  # noqa: PLC0415

    assert GetInfo in blocks.load_actor("node").messages()
    assert GetBalance in blocks.load_actor("wallet").messages()
