"""What a user allows a scenario, beyond what any scenario may do."""

import msgspec


class Permissions(msgspec.Struct, frozen=True, kw_only=True):
    """What a scenario may name besides Monero's programs on PATH and their harmless flags.

    ``monerosim run --allow-programs --allow-flag --add-peer`` says the same as
    ``run(scenario, permissions=Permissions(programs=True, flags=("--add-peer",)))``.
    """

    programs: bool = False
    """Whether any program may be started that it names: files, and other names on PATH."""
    flags: tuple[str, ...] = ()
    """Flags that it may set as well, with their dashes."""


NOTHING = Permissions()
"""What is allowed if nobody says more."""
