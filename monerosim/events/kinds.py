"""Typed events: everything that reports and metrics are made of."""

from typing import Literal, TypeAlias, get_args

import msgspec

OrderState: TypeAlias = Literal["seen", "received", "confirmed", "late", "short", "double", "unpaid"]
"""What becomes of an order: its payment is in the txpool in time; all of it is in blocks; all of it has as many
confirmations as the marketplace wants; a payment came after the window; less than asked for had come at its end; one
more came when all was paid; nothing had come at the window's end."""


class BootstrapFinished(msgspec.Struct, frozen=True, tag="bootstrap-finished", tag_field="event"):
    """Initial balances are paid and unlocked."""

    height: int
    transactions: int
    paid: int
    """Atomic units."""


class BootstrapFailed(msgspec.Struct, frozen=True, tag="bootstrap-failed", tag_field="event"):
    """Initial balances could not be paid, or not in time."""

    reason: str


class ServiceReady(msgspec.Struct, frozen=True, tag="service-ready", tag_field="event"):
    """A daemon or wallet answered for the first time."""

    service: str
    attempts: int


class BlockFound(msgspec.Struct, frozen=True, tag="block-found", tag_field="event"):
    """A miner's node was given a block."""

    miner: str
    """The participant."""
    height: int
    hash: str
    reward: int
    """Subsidy and fees, atomic units."""
    transactions: int


class BlockOrphaned(msgspec.Struct, frozen=True, tag="block-orphaned", tag_field="event"):
    """A block that was found is off the main chain at the end."""

    miner: str
    height: int
    hash: str


class WinnerPassedOver(msgspec.Struct, frozen=True, tag="winner-passed-over", tag_field="event"):
    """The miner that was chosen did not answer."""

    miner: str
    reason: str


class Reorganised(msgspec.Struct, frozen=True, tag="reorganised", tag_field="event"):
    """A node left a branch for a better one."""

    node: str
    depth: int
    """Blocks taken off."""
    old: str
    new: str
    """The tips' hashes."""


class BlockSpread(msgspec.Struct, frozen=True, tag="block-spread", tag_field="event"):
    """When each node had a block first, on whichever branch; recorded once, when the last of them had it.

    The participant is the node that was the first. Names would make most of a large run's events, so the nodes are told
    by their order: :func:`monerosim.report.spread.first_seen` brings the two together.
    """

    hash: str
    height: int
    first: int
    """When the first node had it, microseconds since the scenario's time zero."""
    after: tuple[int, ...]
    """How much later each node had it, microseconds; -1 for one that never had it. In the order of the plan's hosts
    that have a node."""


class TransactionSpread(msgspec.Struct, frozen=True, tag="transaction-spread", tag_field="event"):
    """When each node had a transaction first, in its txpool or in a block; recorded as :class:`BlockSpread`."""

    txid: str
    first: int
    after: tuple[int, ...]


class PeerConnected(msgspec.Struct, frozen=True, tag="peer-connected", tag_field="event"):
    """A node that dialled another is connected to it; recorded of the one that dialled."""

    peer: str
    """The participant that was dialled."""


class PeerDisconnected(msgspec.Struct, frozen=True, tag="peer-disconnected", tag_field="event"):
    """A connection that a node dialled is over."""

    peer: str


class PaymentSent(msgspec.Struct, frozen=True, tag="payment-sent", tag_field="event"):
    """A wallet made and relayed a transaction."""

    txid: str
    amount: int
    fee: int
    recipients: tuple[str, ...]
    """Addresses."""


class PaymentDelayed(msgspec.Struct, frozen=True, tag="payment-delayed", tag_field="event"):
    """A payment waits: the wallet's coins are locked."""

    amount: int


class PaymentDoubtful(msgspec.Struct, frozen=True, tag="payment-doubtful", tag_field="event"):
    """Whether a payment was made is not known; ``payment-sent`` follows when its wallet finds it after all."""

    amount: int
    reason: str


class PaymentFailed(msgspec.Struct, frozen=True, tag="payment-failed", tag_field="event"):
    """A payment was given up, or refused by the network after it was sent."""

    amount: int
    reason: str
    txid: str = ""
    """Of one that was sent."""


class PaymentMined(msgspec.Struct, frozen=True, tag="payment-mined", tag_field="event"):
    """The sender's wallet saw its transaction in a block for the first time."""

    txid: str
    height: int


class PaymentConfirmed(msgspec.Struct, frozen=True, tag="payment-confirmed", tag_field="event"):
    """The sender's wallet saw its transaction as deep in the chain as the sender wants it; told once."""

    txid: str
    height: int
    waited: int
    """Microseconds since it was sent."""


class PaymentOrphaned(msgspec.Struct, frozen=True, tag="payment-orphaned", tag_field="event"):
    """The sender's wallet saw that the transaction's block is off the main chain; told of confirmed ones too."""

    txid: str
    height: int
    """Of the block that held it."""


class PaymentMinedAgain(msgspec.Struct, frozen=True, tag="payment-mined-again", tag_field="event"):
    """The sender's wallet saw an orphaned transaction in another block."""

    txid: str
    height: int


class PaymentVanished(msgspec.Struct, frozen=True, tag="payment-vanished", tag_field="event"):
    """A transaction has been in no block for long, or its wallet does not know it any more at the end of the run.

    Should it be in a block later after all, that is told as of any other.
    """

    txid: str
    waited: int
    """Microseconds since it was sent."""
    reason: str


class PaymentSeen(msgspec.Struct, frozen=True, tag="payment-seen", tag_field="event"):
    """A recipient saw a payment in its node's txpool."""

    txid: str
    address: str
    amount: int


class PaymentReceived(msgspec.Struct, frozen=True, tag="payment-received", tag_field="event"):
    """A recipient saw a payment in a block."""

    txid: str
    address: str
    amount: int
    height: int


class OrderPlaced(msgspec.Struct, frozen=True, tag="order-placed", tag_field="event"):
    """A marketplace took an order and answered with an invoice."""

    order: str
    buyer: str
    """The participant."""
    vendor: str
    item: str
    quantity: int
    amount: int
    """What is asked for, atomic units."""
    address: str
    """Made for this order alone, so that its payments are known by it."""
    due: int
    """When the payment window ends, microseconds since the scenario's time zero."""


class OrderChanged(msgspec.Struct, frozen=True, tag="order-changed", tag_field="event"):
    """An order was paid, or was not."""

    order: str
    state: OrderState
    txid: str
    """The payment; empty where there is none."""
    paid: int
    """All that the marketplace has seen of it so far, atomic units."""
    waited: int
    """Microseconds since the order was placed."""


class VendorTotals(msgspec.Struct, frozen=True, kw_only=True, tag="vendor-totals", tag_field="event"):
    """What a vendor sold in the whole run; recorded at its end for those that were paid or had orders."""

    vendor: str
    payments: int
    """Received, with orders or without."""
    amount: int
    """Atomic units."""
    orders: int
    states: dict[str, int]
    """How many of them were ever in each state."""
    to_receive: int
    """Microseconds from the sight of a payment in the txpool until it counted as received, on average; 0 if none."""
    to_confirm: int
    """Microseconds from an order until it was confirmed, on average; 0 if none."""


class BalanceRecorded(msgspec.Struct, frozen=True, tag="balance-recorded", tag_field="event"):
    """What a wallet says that it holds, in atomic units."""

    balance: int
    unlocked: int


class RewardUnlocked(msgspec.Struct, frozen=True, tag="reward-unlocked", tag_field="event"):
    """A miner's reward can be spent from now on."""

    txid: str
    amount: int
    height: int


class NodeSynced(msgspec.Struct, frozen=True, tag="node-synced", tag_field="event"):
    """A node has caught up with its peers."""

    height: int
    """Of its tip."""
    waited: int
    """Microseconds since the behaviour that watches it began."""


class TipSeen(msgspec.Struct, frozen=True, tag="tip-seen", tag_field="event"):
    """An observer found its node at another tip."""

    height: int
    hash: str
    blocks: int
    """Blocks that are new on the node's chain since the last look."""
    depth: int
    """Blocks that the node took off since the last look."""


class TransactionSeen(msgspec.Struct, frozen=True, tag="transaction-seen", tag_field="event"):
    """An observer found a transaction in its node's txpool for the first time."""

    txid: str
    fee: int
    weight: int


class PeersChanged(msgspec.Struct, frozen=True, tag="peers-changed", tag_field="event"):
    """An observer found its node with other connections than before."""

    gained: tuple[str, ...]
    lost: tuple[str, ...]
    """Addresses."""
    incoming: int
    outgoing: int


class BranchSeen(msgspec.Struct, frozen=True, tag="branch-seen", tag_field="event"):
    """An observer found another branch beside its node's main chain."""

    hash: str
    """Of its tip."""
    height: int
    length: int


class WalletClosed(msgspec.Struct, frozen=True, tag="wallet-closed", tag_field="event"):
    """What a wallet held at the end of the run."""

    balance: int
    """Confirmed on the main chain, locked outputs included, atomic units."""
    unlocked: int
    in_flight: int
    """What its unconfirmed transactions will take from it, fees included."""


class NodeClosed(msgspec.Struct, frozen=True, tag="node-closed", tag_field="event"):
    """Where a node's chain stood at the end of the run."""

    height: int
    """Of the tip; the genesis block has height 0."""
    tip: str


class ActorFailed(msgspec.Struct, frozen=True, tag="actor-failed", tag_field="event"):
    """An actor raised an exception and has stopped."""

    failed: str
    error: str


class ActorRestarted(msgspec.Struct, frozen=True, tag="actor-restarted", tag_field="event"):
    """The supervisor started an actor again."""

    restarted: str
    restarts: int


class ActorGivenUp(msgspec.Struct, frozen=True, tag="actor-given-up", tag_field="event"):
    """The supervisor restarts an actor no more."""

    given_up: str
    restarts: int


class ProcessDied(msgspec.Struct, frozen=True, tag="process-died", tag_field="event"):
    """A daemon, wallet or agent ended before its time."""

    process: str
    status: int
    """Its exit status; the negative number of the signal that killed it."""


class ProcessHung(msgspec.Struct, frozen=True, tag="process-hung", tag_field="event"):
    """A daemon or wallet did not answer any more, and was killed."""

    process: str
    silent: int
    """Microseconds since it was asked what it has not answered, or since its start if it never answered."""


class ProcessRestarted(msgspec.Struct, frozen=True, tag="process-restarted", tag_field="event"):
    """The engine started a daemon or wallet again."""

    process: str
    restarts: int


class ProcessGivenUp(msgspec.Struct, frozen=True, tag="process-given-up", tag_field="event"):
    """The engine starts a process no more."""

    process: str
    restarts: int


class CommandCarriedOut(msgspec.Struct, frozen=True, tag="command-carried-out", tag_field="event"):
    """A behaviour did what it was told: by the scenario's timeline, or by a letter."""

    do: str
    by: str
    """The behaviour."""


class CommandFailed(msgspec.Struct, frozen=True, tag="command-failed", tag_field="event"):
    """A command was not carried out."""

    do: str
    reason: str


class AgentState(msgspec.Struct, frozen=True, tag="agent-state", tag_field="event"):
    """A participant's agent is in another state; told to those who have subscribed, not recorded."""

    state: Literal["initializing", "waiting-for-services", "running", "paused", "stopped", "failed"]
    reason: str = ""


class AgentSilent(msgspec.Struct, frozen=True, tag="agent-silent", tag_field="event"):
    """An agent did not answer the orchestrator's health check."""

    agent: str
    since: int
    """When it was heard of last, microseconds since the scenario's time zero."""


class RunEnded(msgspec.Struct, frozen=True, tag="run-ended", tag_field="event"):
    """The run ends before its time: it cannot show any more what it is meant to."""

    reason: str


class NewBlock(msgspec.Struct, frozen=True, tag="new-block", tag_field="event"):
    """A node's chain has another block; told to those who have subscribed, not recorded."""

    node: str
    height: int
    hash: str


class PeerLost(msgspec.Struct, frozen=True, tag="peer-lost", tag_field="event"):
    """A node has lost a connection; told to those who have subscribed, not recorded."""

    node: str
    address: str


class IncomingPayment(msgspec.Struct, frozen=True, tag="incoming-payment", tag_field="event"):
    """A wallet sees a payment to it, in the txpool and again in a block; told to those who have subscribed only."""

    txid: str
    address: str
    amount: int
    height: int
    """The block's; 0 while it is in the txpool."""


class LineDamaged(msgspec.Struct, frozen=True, tag="line-damaged", tag_field="event"):
    """A line of a log could not be read back."""

    file: str
    line: int
    reason: str


Event: TypeAlias = (
    BootstrapFinished
    | BootstrapFailed
    | ServiceReady
    | BlockFound
    | BlockOrphaned
    | WinnerPassedOver
    | Reorganised
    | BlockSpread
    | TransactionSpread
    | PeerConnected
    | PeerDisconnected
    | PaymentSent
    | PaymentDelayed
    | PaymentDoubtful
    | PaymentFailed
    | PaymentMined
    | PaymentConfirmed
    | PaymentOrphaned
    | PaymentMinedAgain
    | PaymentVanished
    | PaymentSeen
    | PaymentReceived
    | OrderPlaced
    | OrderChanged
    | VendorTotals
    | BalanceRecorded
    | RewardUnlocked
    | NodeSynced
    | TipSeen
    | TransactionSeen
    | PeersChanged
    | BranchSeen
    | WalletClosed
    | NodeClosed
    | ActorFailed
    | ActorRestarted
    | ActorGivenUp
    | ProcessDied
    | ProcessHung
    | ProcessRestarted
    | ProcessGivenUp
    | CommandCarriedOut
    | CommandFailed
    | AgentState
    | AgentSilent
    | RunEnded
    | NewBlock
    | PeerLost
    | IncomingPayment
    | LineDamaged
)
"""Something that happened in a run."""


def event_tag(kind: type) -> str:
    """Tell what the events of a class are called, such as ``block-found``."""
    return str(kind.__struct_config__.tag) if issubclass(kind, msgspec.Struct) else kind.__name__


EVENT_KINDS: dict[str, type] = {event_tag(kind): kind for kind in get_args(Event)}
"""The classes of events by what they are called."""


class Record(msgspec.Struct, frozen=True):
    """An event with where, when and why."""

    t: int
    """Microseconds since the scenario's time zero; negative in the bootstrap."""
    participant: str
    actor: str
    cause: str
    data: Event

    def sort_key(self) -> tuple[int, str]:
        """Order of events across hosts; those of one host keep the order they were written in."""
        return self.t, self.participant
