"""What a monerod's log tells of its node: when it had blocks and transactions, its connections, its reorganisations.

The phrases are those of Monero 0.18. What is told depends on the log's level; :mod:`monerosim.build.processes` asks for
all of it. A line may be torn (monerod was killed while it wrote), and anything may stand between two lines.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

from monerosim.engines.message_log import MessageFinding, Messages
from monerosim.units import SECOND

_LINE = re.compile(
    r"(?P<second>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(?P<thousandth>\d{3})\t"
    r"\s*(?P<thread>\S+)\t\w+\t\S+\t\S+\t(?P<text>.*)\n"
)
_STARTED = re.compile(r"Monero '.*' \(v")
"""The first words of a monerod (src/daemon/main.cpp)."""
_BEGINS = re.compile(r"###### REORGANIZE on height: \d+ of (?P<tip>\d+)")
_ALTERNATIVE = re.compile(r"----- BLOCK ADDED AS ALTERNATIVE ON HEIGHT (?P<height>\d+)")
_ADDED = re.compile(r"\+\+\+\+\+ BLOCK SUCCESSFULLY ADDED")
_ID = re.compile(r"id:\t<(?P<hash>[0-9a-f]{64})>")
_HEIGHT = re.compile(r"HEIGHT (?P<height>\d+), difficulty:")
_DONE = re.compile(r"REORGANIZE SUCCESS! on height: (?P<split>\d+), new blockchain size: \d+")
"""Lines of src/cryptonote_core/blockchain.cpp; all but those of an added block are there at monerod's default level."""
_POOL = re.compile(r"Transaction added to pool: txid <(?P<txid>[0-9a-f]{64})>")
"""src/cryptonote_core/tx_pool.cpp. It is repeated when the transaction comes again out of its stem, and it is there too
for one that comes with a block."""
_OPENED = re.compile(r"\[(?P<address>\S+:\d+) (?P<id>[0-9a-f-]{36}) OUT\] NEW CONNECTION")
_SHAKEN = re.compile(r"\[(?P<address>\S+:\d+) OUT\] New connection handshaked")
_CLOSED = re.compile(r"\[\S+ (?P<id>[0-9a-f-]{36}) (?:OUT|INC)\] CLOSE CONNECTION")
"""src/p2p/net_node.inl."""


class BlockHad(NamedTuple):
    """The node has verified a block, for the main chain or for another branch."""

    at: int
    """Microseconds of Unix time, as in all that follow."""
    hash: str
    height: int


class TransactionHad(NamedTuple):
    """The node has taken a transaction, by itself or with a block; it may be told more than once."""

    at: int
    txid: str


class BranchLeft(NamedTuple):
    """The node has left a branch for a better one."""

    at: int
    depth: int
    old: str
    new: str
    """The tips; empty where the log does not tell."""


class Connected(NamedTuple):
    """A connection that the node dialled has passed its handshake."""

    at: int
    address: str


class Disconnected(NamedTuple):
    """Such a connection is over; where monerod was killed, that is told when it is started again."""

    at: int
    address: str


Finding: TypeAlias = BlockHad | TransactionHad | BranchLeft | Connected | Disconnected


class _Words(NamedTuple):
    at: int
    thread: str
    text: str


def read_daemon_log(log: Path, *, messages: bool = False) -> Iterator[Finding | MessageFinding]:
    """Find what a monerod's log tells, in its order.

    Args:
        log: The log; the older parts that monerod has moved aside are read too. None is there if there is none.
        messages: Whether to look for messages and Dandelion++ as well.
    """
    chain, connections, relayed = _Chain(), _Connections(), Messages()
    for words in _read(log):
        if messages:
            yield from relayed.take(*words)
        if pool := _POOL.match(words.text):
            yield TransactionHad(words.at, pool["txid"])
            continue
        yield from chain.take(words)
        yield from connections.take(words)


class BlocksSoFar:
    """Finds the blocks that a monerod's log tells of, while it grows."""

    def __init__(self) -> None:
        self._chain = _Chain()

    def take(self, lines: Iterable[str]) -> Iterator[BlockHad]:
        """Return the blocks that further lines tell of.

        Args:
            lines: Whole lines, with their ends.
        """
        for words in _words_of(lines):
            for finding in self._chain.take(words):
                if isinstance(finding, BlockHad):
                    yield finding


def _read(log: Path) -> Iterator[_Words]:
    for path in (*sorted(log.parent.glob(f"{log.name}-*")), log):
        if path.is_file():
            with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
                yield from _words_of(file)


def _words_of(lines: Iterable[str]) -> Iterator[_Words]:
    second, start = "", 0
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        if found["second"] != second:
            try:
                # The processes run with TZ=UTC.
                moment = datetime.fromisoformat(found["second"]).replace(tzinfo=UTC)
            except ValueError:
                continue
            second, start = found["second"], round(moment.timestamp()) * SECOND
        yield _Words(start + int(found["thousandth"]) * (SECOND // 1000), found["thread"], found["text"])


class _Chain:
    """Follows blocks and reorganisations; what belongs to one block is told by one thread, line by line."""

    def __init__(self) -> None:
        self._waiting: dict[str, int | None] = {}
        self._added: dict[str, str] = {}
        self._old_tip: int | None = None
        self._alternatives: dict[int, str] = {}
        self._new = ""

    def take(self, words: _Words) -> Iterator[BlockHad | BranchLeft]:
        at, thread, text = words
        if begins := _BEGINS.match(text):
            self._old_tip, self._alternatives, self._new = int(begins["tip"]), {}, ""
        elif alternative := _ALTERNATIVE.match(text):
            self._waiting[thread] = int(alternative["height"])
        elif _ADDED.match(text):
            self._waiting[thread] = None
        elif (block := _ID.match(text)) and thread in self._waiting:
            height = self._waiting.pop(thread)
            if height is None:
                self._new = self._added[thread] = block["hash"]
            else:
                self._alternatives[height] = block["hash"]
                yield BlockHad(at, block["hash"], height)
        elif (added := _HEIGHT.match(text)) and thread in self._added:
            yield BlockHad(at, self._added.pop(thread), int(added["height"]))
        elif (done := _DONE.match(text)) and self._old_tip is not None:
            # The blocks of the old branch become alternatives before the change is reported.
            old_tip, self._old_tip = self._old_tip, None
            yield BranchLeft(at, old_tip - int(done["split"]) + 1, self._alternatives.get(old_tip, ""), self._new)


class _Connections:
    """Follows the connections that the node dialled.

    It dials for a moment those who have dialled it too, to see whether they can be reached: such a connection has no
    handshake. The line that tells of a handshake has the address alone, so what it may belong to are all connections to
    it that were open then; the one that lasts is it.
    """

    def __init__(self) -> None:
        self._dialled: dict[str, str] = {}
        self._shaken: dict[str, set[str]] = {}

    def take(self, words: _Words) -> Iterator[Connected | Disconnected]:
        at, _, text = words
        if opened := _OPENED.match(text):
            self._dialled[opened["id"]] = opened["address"]
        elif shaken := _SHAKEN.match(text):
            address = shaken["address"]
            if address not in self._shaken:
                yield Connected(at, address)
            self._shaken[address] = {one for one, dialled in self._dialled.items() if dialled == address}
        elif closed := _CLOSED.match(text):
            address = self._dialled.pop(closed["id"], "")
            mine = self._shaken.get(address, set())
            if closed["id"] in mine:
                mine.discard(closed["id"])
                if not mine:
                    del self._shaken[address]
                    yield Disconnected(at, address)
        elif _STARTED.match(text):
            for address in self._shaken:
                yield Disconnected(at, address)
            self._dialled, self._shaken = {}, {}
