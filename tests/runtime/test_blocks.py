"""Building blocks are found by their entry points."""

import pytest

from monerosim.plugins import PluginError
from monerosim.runtime import blocks
from monerosim.runtime.actor import Actor, Behaviour

GOOD = "from monerosim.runtime.actor import Behaviour\nclass Sheep(Behaviour): pass\nclass Stone: pass\n"


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
    sheep = blocks.load_block("sheep")
    assert issubclass(sheep, Behaviour)
    assert sheep.__name__ == "Sheep"
    assert {"sheep", "broken", "regular-user"} <= set(blocks.block_names())
    assert blocks.block_names() == sorted(blocks.block_names())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cow", r"no actor 'cow'; there are .*sheep"),
        ("stone", r"'stone' \(farm:Stone, package farm\) is no Behaviour"),
        ("wolf", r"'wolf' \(farm:Wolf, package farm\) cannot be loaded: .*Wolf"),
        ("ghost", r"'ghost' \(no_such_farm:Ghost, package farm\) cannot be loaded: ModuleNotFoundError: No module"),
        ("broken", r"'broken' .* cannot be loaded: .*division"),
    ],
)
def test_a_block_that_cannot_be_had_is_named(name, message):
    with pytest.raises(PluginError, match=message):
        blocks.load_block(name)


def test_the_supervisor_is_found():
    supervisor = blocks.load_supervisor()
    assert issubclass(supervisor, Actor)
    assert supervisor.__name__ == "Supervisor"
