"""What the exit codes of all commands mean."""

import click

FAILED = 1
"""It could not be done, or the run ended early; click's own errors of this kind have it too."""

USAGE = 2
"""The user's input: the command line (as click has it), a scenario or a name."""

REFUSED = 3
"""A check that was asked for says no."""

INTERRUPTED = 130
"""It was interrupted, and printed what it had so far: 128 and the number of SIGINT, as shells have it."""

MEANINGS = {
    0: "Done.",
    FAILED: "It could not be done, or the run ended early.",
    USAGE: "The command line, the scenario or a name in them is wrong.",
    REFUSED: "A check that was asked for says no.",
    INTERRUPTED: "`swarm` was interrupted; what it prints is of the scenarios until then.",
}


class InputError(click.ClickException):
    """A name that the user gave is wrong."""

    exit_code = USAGE
