"""What nodes did, as lines that stand among the actors' traces: connections, and an item's way from node to node."""

from collections.abc import Iterable, Iterator

from monerosim.events import (
    SPREAD_QUANTILES,
    BlockSpread,
    ItemRelayed,
    PeerConnected,
    PeerDisconnected,
    Record,
    TransactionSpread,
    TransactionStem,
)
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

    Where less was recorded, those of the sample, or when so many percent of all nodes had it. Where relays and stems
    were, these as well.

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
            case ItemRelayed(item=item, kind=kind) as relayed if item == identifier:
                what, data = ("block", {"block": item}) if kind == "block" else ("transaction", {"txid": item})
                for it in sorted(relayed.relays()):
                    yield _line(it.t, it.receiver, f"gets the {what} from {it.sender} ({kind})", 0, data)
                continue
            case TransactionStem(txid=item, nodes=nodes, end=end, published_by=public) if item == identifier:
                by = f", made public by {public}" if public else ""
                text = f"the stem of the transaction ends ({end}): {' > '.join(nodes)}{by}"
                yield _line(record.t, record.participant, text, 0, {"txid": item})
                continue
            case _:
                continue
        yield from _spread_lines(record.participant, spread, plan, what, data)


def _spread_lines(
    origin: str, spread: BlockSpread | TransactionSpread, plan: Plan, what: str, data: dict[str, str]
) -> Iterator[TraceLine]:
    """Tell of the nodes of which there is something, and of the first, of which there always is."""
    if spread.quantiles:
        yield _line(spread.first, origin, f"has {what}, as the first node", 0, data)
        for number, (percent, delay) in enumerate(zip(SPREAD_QUANTILES, spread.quantiles, strict=True), 1):
            if delay >= 0:
                text = f"{percent} % of the nodes have {what}, {delay / SECOND:.3f} s after the first"
                yield _line(spread.first + delay, origin, text, number, data)
        return
    seen = {origin: spread.first, **first_seen(spread, plan)}
    sample = f" ({len(plan.record.sampled)} of the nodes are recorded)" if spread.whole else ""
    for number, (node, at) in enumerate(seen.items()):
        later = f", {(at - spread.first) / SECOND:.3f} s after the first" if number else f", as the first node{sample}"
        yield _line(at, node, f"has {what}{later}", number, data)


def _line(t: int, node: str, text: str, number: int, data: dict[str, str] | None = None) -> TraceLine:
    return TraceLine(t, LEVEL, node, ACTOR, "engine", "engine", text, number, data or {})
