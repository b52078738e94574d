"""What nodes did, as lines that stand among the actors' traces: connections, and an item's way from node to node."""

from collections.abc import Iterable, Iterator

from monerosim.events import BlockSpread, PeerConnected, PeerDisconnected, Record, TransactionSpread
from monerosim.events.traces import TraceLine
from monerosim.plan.plan import Plan
from monerosim.report.spread import first_seen
from monerosim.units import SECOND

ACTOR = "node"
LEVEL = "TRACE"


def connection_lines(records: Iterable[Record]) -> Iterator[TraceLine]:
    """Tell of the connections that nodes made and lost, in the order of the events."""
    for record in records:
        match record.data:
            case PeerConnected(peer=peer):
                yield _line(record.t, record.participant, f"is connected to {peer}, which it dialled", 0)
            case PeerDisconnected(peer=peer):
                yield _line(record.t, record.participant, f"is no longer connected to {peer}", 0)
            case _:
                pass


def item_lines(records: Iterable[Record], plan: Plan, identifier: str) -> Iterator[TraceLine]:
    """Tell when each node had a block or a transaction first, in the order in which they had it.

    Args:
        records: The run's events.
        plan: Its plan.
        identifier: The hash; nothing is told of what is neither.
    """
    for record in records:
        match record.data:
            case BlockSpread(hash=item) as spread if item == identifier:
                what, data = f"block {spread.height}", {"block": item}
            case TransactionSpread(txid=item) as spread if item == identifier:
                what, data = "the transaction", {"txid": item}
            case _:
                continue
        for number, (node, at) in enumerate(first_seen(spread, plan).items()):
            later = f", {(at - spread.first) / SECOND:.3f} s after the first" if number else ", as the first node"
            yield _line(at, node, f"has {what}{later}", number, data)


def _line(t: int, node: str, text: str, number: int, data: dict[str, str] | None = None) -> TraceLine:
    return TraceLine(t, LEVEL, node, ACTOR, "engine", "engine", text, number, data or {})
