"""What the relay of blocks asks of a network: links, latencies and verification times, and who is down."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monerosim.model.records import ArrivalTimes
from monerosim.network.relay import LinkTo


class BlockNetwork(Protocol):
    """What carries blocks (:mod:`monerosim.network.relay`)."""

    nodes: int

    @property
    def uplinks(self) -> object | None:
        """The nodes' uplinks, if what a node sends waits for what it sent before."""

    def block_arrivals(self, item: bytes, origin: int, released: int, weight: int) -> ArrivalTimes:
        """Return when each node has verified a block that all relay, and whose transactions all have."""

    def block_hops(self, item: bytes, weight: int) -> NDArray[np.int64]:
        """Return how long a block takes over each link until the receiver has it, shape ``(links,)``."""

    def block_verification(self, item: bytes) -> NDArray[np.int64]:
        """Return how long each node takes to verify a block, microseconds, shape ``(nodes,)``."""

    def request_waits(self, place: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how long nodes wait for so many transactions that they ask for over links, verification included."""

    def uplink_waits(self, node: int, at: int, item: bytes, weight: int, links: Sequence[LinkTo]) -> list[int]:
        """Return how long the messages with a block that a node relays wait for its uplink, microseconds."""

    def answer_time(self, node: int, at: int, size: int, link: LinkTo) -> int:
        """Return how long blocks of so many bytes that a peer has asked for take until it has them, microseconds."""

    def links_from(self, node: int) -> Sequence[LinkTo]:
        """Return the links to a node's peers."""

    def ready(self, node: int) -> int:
        """Return when a node is up, microseconds."""

    def next_timed_sync(self, node: int, after: int) -> int:
        """Return when a node next tells its peers its tip, later than a time, microseconds."""

    def is_down(self, node: int) -> bool:
        """Return whether a node that was up is down."""

    def keeps_blocks(self, node: int, item: bytes) -> bool:
        """Return whether a node keeps a block to itself."""

    def is_kept(self, item: bytes) -> bool:
        """Return whether some node keeps a block to itself."""
