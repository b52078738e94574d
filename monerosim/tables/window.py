"""A window of simulated time, and which rows of tables and views are in it."""

import msgspec

from monerosim.units import format_duration

NEVER = 2**62
"""Later than any time, and, negative, earlier."""


class Window(msgspec.Struct, frozen=True):
    """From a time on, and before another: microseconds since the scenario's time zero; None where it is open."""

    since: int | None = None
    until: int | None = None

    def __str__(self) -> str:
        since, until = ("" if it is None else format_duration(it) for it in (self.since, self.until))
        if not since:
            return f"before {until}"
        return f"{since} to {until}" if until else f"from {since} on"


_TIMES = {
    "blocks": "t_us",
    "reorganisations": "t_us",
    "chain_heads": "t_us",
    "transactions": "t_us",
    "payment_states": "t_us",
    "orders": "placed_us",
    "requests": "t_us",
    "relays": "t_us",
    "txpool": "t_us",
    "wallets": "t_us",
    "faults": "t_us",
    "resources": "t_us",
    "events": "t_us",
    "waits": "t_us",
    "intervals": "t_us",
    "clumps": "t_us",
    "forks": "t_us",
    "delays": "first_us",
}
"""The column that says whether a row is in a window."""

_FIRSTS = {"block_sightings": ("hash", "t_us"), "tx_sightings": ("txid", "t_us"), "stems": ("txid", "since_us")}
"""Where all rows of an item go by the first of them: the item's column, and the time's."""


def windowed(name: str, window: Window) -> str:
    """Return the SQL of the rows of a table or a view of the schema ``whole`` that are in a window."""
    since = -NEVER if window.since is None else window.since
    until = NEVER if window.until is None else window.until
    rows = f"select * from whole.{name}"  # noqa: S608  (names of tables)
    if name in _TIMES:
        return f"{rows} where {_TIMES[name]} >= {since} and {_TIMES[name]} < {until}"
    if name in _FIRSTS:
        item, at = _FIRSTS[name]
        first = f"min({at}) over (partition by run, {item})"
        return f"{rows} qualify {first} >= {since} and {first} < {until}"
    if name == "connections":
        return f"{rows} where coalesce(opened_us, {-NEVER}) < {until} and coalesce(closed_us, {NEVER}) >= {since}"
    if name == "block_transactions":
        # In DuckDB a semi join keeps the columns of its left side.
        return f"{rows} semi join main.blocks using (run, hash)"
    return rows
