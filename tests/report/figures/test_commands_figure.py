"""Commands, executed and failed."""

from figure_records import lines, taken

from monerosim.events import CommandExecuted, CommandFailed
from monerosim.report.figures.commands import Commands, CommandsFigure


def test_commands_are_counted_and_shown_if_there_are_any():
    result = taken(CommandsFigure, *[CommandExecuted("stop", "user")] * 3, CommandFailed("jump", "unknown"))
    assert result == Commands(executed=3, failed=1)
    assert lines(CommandsFigure, result) == {"commands": "3 executed, 1 failed"}
    assert lines(CommandsFigure, Commands()) == {}
