"""What a monerod's log tells of messages with blocks and transactions, and of Dandelion++.

The phrases are those of Monero 0.18: of ``net.p2p.msg`` at INFO
(src/cryptonote_protocol/cryptonote_protocol_handler.inl) and of ``net.p2p.tx`` at DEBUG
(src/cryptonote_protocol/levin_notify.cpp). Plans ask for them where relays or stems are recorded.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

_CONTEXT = r"\[(?P<address>\S+:\d+) (?P<way>OUT|INC)\] "
_TRANSACTIONS = re.compile(_CONTEXT + r"Received NOTIFY_NEW_TRANSACTIONS \((?P<count>\d+) txes\)")
_INCLUDING = re.compile(r"Including transaction <(?P<txid>[0-9a-f]{64})>")
_BLOCK = re.compile(_CONTEXT + r"Received NOTIFY_NEW_(?:FLUFFY_)?BLOCK <(?P<hash>[0-9a-f]{64})>")
_OPENED = re.compile(r"\[(?P<address>\S+:\d+) (?P<id>[0-9a-f-]{36}) (?P<way>OUT|INC)\] NEW CONNECTION")
_STEM_SENT = re.compile(r"Sent (?P<count>\d+) transaction\(s\) to (?P<id>[0-9a-f-]{36}) using Dandelion\+\+ stem")
_STEM_FAILED = re.compile(r"Unable to send transaction\(s\) via Dandelion\+\+ stem")
_QUEUED = re.compile(r"Queueing \d+ transaction\(s\) for Dandelion\+\+ fluffing")
_EPOCH = re.compile(r"Starting new Dandelion\+\+ epoch: (?P<kind>fluff|stem)")

_MOST = 10_000
"""Transactions of one message that are waited for: more than monerod sends."""


class Opened(NamedTuple):
    """A connection is there, dialled or not."""

    at: int
    """Microseconds of Unix time, as in all that follow."""
    address: str
    """Of the peer, with its port on this connection."""
    id: str
    incoming: bool


class Received(NamedTuple):
    """A message came with a block or with transactions."""

    at: int
    address: str
    incoming: bool
    block: bool
    items: tuple[str, ...]
    """Hashes."""


class StemSent(NamedTuple):
    """The node has passed transactions on in their stem phase."""

    at: int
    id: str
    """Of the connection."""
    transactions: int


class StemFailed(NamedTuple):
    """The node had no connection to pass a stem on, and makes the transactions public."""

    at: int


class FluffQueued(NamedTuple):
    """The node makes transactions public, or passes public ones on: they wait for their flush."""

    at: int


class Epoch(NamedTuple):
    """An epoch of Dandelion++ begins at the node."""

    at: int
    fluff: bool


MessageFinding: TypeAlias = Opened | Received | StemSent | StemFailed | FluffQueued | Epoch


class _Waiting(NamedTuple):
    """A message of which not all transactions have been told."""

    at: int
    address: str
    incoming: bool
    transactions: int
    items: list[str]

    def message(self) -> Received:
        return Received(self.at, self.address, self.incoming, False, tuple(self.items))


class Messages:
    """Follows messages; the transactions of one are told by one thread, line by line."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}

    def take(self, at: int, thread: str, text: str) -> Iterator[MessageFinding]:
        """Take the next line: its time, microseconds of Unix time, the thread that wrote it, and what it says."""
        waiting = self._waiting.pop(thread, None)
        including = _INCLUDING.match(text)
        if waiting is not None and including is not None:
            waiting.items.append(including["txid"])
            if len(waiting.items) == waiting.transactions:
                yield waiting.message()
            else:
                self._waiting[thread] = waiting
            return
        if waiting is not None:
            # One of them could not be read.
            yield waiting.message()
        if (found := _TRANSACTIONS.match(text)) and 0 < int(found["count"]) <= _MOST:
            self._waiting[thread] = _Waiting(at, found["address"], found["way"] == "INC", int(found["count"]), [])
        elif found := _BLOCK.search(text):
            yield Received(at, found["address"], found["way"] == "INC", True, (found["hash"],))
        elif found := _OPENED.match(text):
            yield Opened(at, found["address"], found["id"], found["way"] == "INC")
        else:
            yield from _dandelion(at, text)


def _dandelion(at: int, text: str) -> Iterator[MessageFinding]:
    if found := _STEM_SENT.match(text):
        yield StemSent(at, found["id"], int(found["count"]))
    elif _STEM_FAILED.match(text):
        yield StemFailed(at)
    elif _QUEUED.match(text):
        yield FluffQueued(at)
    elif found := _EPOCH.match(text):
        yield Epoch(at, found["kind"] == "fluff")
