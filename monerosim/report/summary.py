"""The summary of a run, made from its plan and its events alone, so that it is the same for every engine."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from monerosim import events as ev
from monerosim.events.log import Digest
from monerosim.monero.emission import GENESIS_REWARD, base_reward
from monerosim.plan.plan import Plan
from monerosim.plan.roles import FUNDER, MINER
from monerosim.report.requests import requested_payments
from monerosim.report.spread import Propagation, Propagations
from monerosim.units import SECOND

_OF_BLOCKS = (ev.BlockFound, ev.BlockSpread)


class Transactions(msgspec.Struct, kw_only=True):
    """Payments of the scenario's own time; the bootstrap's are not counted."""

    sent: int = 0
    confirmed: int = 0
    """Seen by their senders' wallets as deep in the chain as the senders want."""
    unconfirmed: int = 0
    """Sent, not refused, and at the end not confirmed or off the main chain again: those on their way included."""
    received: int = 0
    """Seen in a block by recipients who watch for payments (marketplaces)."""
    failed: int = 0
    """Given up, or refused by the network."""
    doubtful: int = 0
    """Of which it was not known at once whether they were made: sent, failed, or not known at the end either."""
    reorged: int = 0
    """Times a payment's block left the main chain, as its sender's wallet saw it."""
    vanished: list[str] = []
    """Transactions that were in no block for long or not known to their wallets any more, and in none at the end."""
    delayed: int = 0
    """Payments that had to wait for locked coins."""
    requested: int = 0
    """What the behaviours mean to pay on average, as long as the timeline leaves them running; commands by letters, and
    behaviours that were given up, are not taken into account. Fewer are sent where coins are locked or spent."""


class MarketplaceResult(msgspec.Struct, kw_only=True):
    """What a marketplace's vendors sold, of the whole run."""

    payments: int = 0
    """Received, with orders or without."""
    amount: int = 0
    """Atomic units."""
    orders: int = 0
    states: dict[str, int] = msgspec.field(default_factory=dict)
    """How many orders were ever in each state (:data:`monerosim.events.OrderState`)."""


class MinerResult(msgspec.Struct, kw_only=True):
    """What a miner found on the main chain."""

    blocks: int = 0
    reward: int = 0
    """Atomic units."""
    stale: int = 0
    """Its blocks that are not on the main chain."""


class Summary(msgspec.Struct, kw_only=True):
    """A run in numbers; amounts in atomic units."""

    name: str
    engine: str
    seed: int
    completed: bool
    """False for a run that was stopped, or that ended itself, before its time."""
    participants: int
    height: int
    """Of the main chain's tip; the genesis block has height 0."""
    tips: int = 1
    """At how many tips the nodes ended; if it is more than one, a part of the coins counts on another branch."""
    reorgs: int
    """How often a node left a branch for a better one."""
    blocks: int
    """Found in the scenario's own time, stale blocks included."""
    transactions: Transactions
    miners: dict[str, MinerResult]
    marketplaces: dict[str, MarketplaceResult]
    """Those that were paid or had orders."""
    propagation: dict[str, Propagation] = {}
    """Of ``blocks`` and ``transactions`` that were first seen in the scenario's own time."""
    balances: dict[str, int]
    """What each wallet holds on the main chain."""
    closed: bool = True
    """False if no wallet told at the end what it holds, because the run was killed: coins are not known."""
    subsidies: int
    """Coins the main chain's blocks have made; all balances together, when no block was under way at the end."""
    failures: int
    """Times an actor raised an exception and was stopped, or a daemon died."""
    given_up: list[str]
    """Actors and daemons that failed too often."""
    reason: str = ""
    """Why the run ended itself before its time; empty if it did not."""
    commands: int = 0
    """Commands that behaviours carried out, from the timeline or from letters."""
    commands_failed: int = 0
    failure: str = ""
    """Why the engine could not play the run, or not to an end in order; empty if it could."""
    bootstrap_failure: str = ""
    """Why the initial balances could not be paid, or not in time; empty if they were."""
    bootstrap_seconds: float
    simulated_seconds: float
    wall_seconds: float
    """0 where nobody measured it."""
    unknown_events: dict[str, int] = {}
    """Events of kinds that nothing declares that is installed here, by what they are called."""
    digest: str

    @property
    def unaccounted(self) -> int:
        """Coins made that no wallet holds."""
        return self.subsidies - sum(self.balances.values())


def summarise(plan: Plan, records: Iterable[ev.Record], *, end: int, wall_seconds: float, failure: str = "") -> Summary:
    """Count what happened.

    Args:
        plan: The run's plan.
        records: Its events, in any order across hosts.
        end: When the run stopped, microseconds since its start.
        wall_seconds: How long it took.
        failure: Why the engine could not play it to an end in order.
    """
    digest, propagations, kept = Digest(), Propagations(), []
    highest = 0
    for record in records:
        digest.add(record)
        if isinstance(record.data, _OF_BLOCKS):
            highest = max(highest, record.data.height)
        # Those of a thousand nodes are most of a run's events, and are not kept.
        if not propagations.take(record.data):
            kept.append(record)
    ordered = sorted(kept, key=ev.Record.sort_key)
    counted: Counter[str] = Counter()
    balances: dict[str, int] = {}
    given_up: dict[str, None] = {}
    tips: set[str] = set()
    height = 0
    funders = _funders(plan)
    for record in ordered:
        if record.participant not in funders or not isinstance(record.data, ev.PaymentSent):
            counted[type(record.data).__name__] += 1
        match record.data:
            case ev.WalletClosed(balance=balance):
                balances[record.participant] = balances.get(record.participant, 0) + balance
            case ev.NodeClosed() as closed:
                height = max(height, closed.height)
                tips.add(closed.tip)
            case ev.ActorGivenUp(name=actor):
                given_up[f"{record.participant}/{actor}"] = None
            case ev.ProcessGivenUp(process=process):
                given_up[f"{record.participant}/{process}"] = None
            case _:
                pass
    # In a run that was killed no node tells where its chain stood.
    height = height or highest
    return Summary(
        name=plan.name,
        engine=plan.engine,
        seed=plan.seed,
        completed=end >= plan.stop,
        participants=len(plan.hosts),
        height=height,
        tips=max(1, len(tips)),
        reorgs=counted["Reorganised"],
        blocks=counted["BlockFound"],
        transactions=_transactions(plan, ordered, counted, min(end, plan.time_zero + plan.duration)),
        miners=_miners(plan, ordered),
        marketplaces=_marketplaces(ordered),
        propagation=propagations.result(),
        balances=dict(sorted(balances.items())),
        closed=bool(balances) or not any(host.wallets for host in plan.hosts),
        subsidies=_subsidies(height),
        failures=counted["ActorFailed"] + counted["ProcessDied"],
        given_up=list(given_up),
        reason=next((it.data.reason for it in ordered if isinstance(it.data, ev.RunEnded)), ""),
        commands=counted["CommandExecuted"],
        commands_failed=counted["CommandFailed"],
        failure=failure,
        bootstrap_failure=next((it.data.reason for it in ordered if isinstance(it.data, ev.BootstrapFailed)), ""),
        bootstrap_seconds=plan.time_zero / SECOND,
        simulated_seconds=max(0, min(end, plan.time_zero + plan.duration) - plan.time_zero) / SECOND,
        wall_seconds=round(wall_seconds, 3),
        unknown_events=dict(sorted(Counter(it.tag for it in ordered if isinstance(it.data, ev.UnknownEvent)).items())),
        digest=digest.result(),
    )


def _miners(plan: Plan, ordered: Iterable[ev.Record]) -> dict[str, MinerResult]:
    """Add up the blocks of each miner, those that found none included."""
    results = {host.name: MinerResult() for host in plan.hosts if any(a.role == MINER for a in host.actors)}
    found: dict[str, ev.BlockFound] = {}
    for record in ordered:
        match record.data:
            case ev.BlockFound() as block:
                found[block.hash] = block
            case ev.BlockStale(miner=miner, hash=block_hash):
                # Where the line that told of its finding was damaged, it is known from here alone.
                found.pop(block_hash, None)
                results.setdefault(miner, MinerResult()).stale += 1
            case _:
                pass
    for block in found.values():
        result = results.setdefault(block.miner, MinerResult())
        result.blocks += 1
        result.reward += block.reward
    return results


def _marketplaces(ordered: Iterable[ev.Record]) -> dict[str, MarketplaceResult]:
    """Add up the vendors of each marketplace."""
    results: dict[str, MarketplaceResult] = {}
    for record in ordered:
        if isinstance(record.data, ev.VendorTotals):
            result = results.setdefault(record.participant, MarketplaceResult())
            result.payments += record.data.payments
            result.amount += record.data.amount
            result.orders += record.data.orders
            for state, count in record.data.states.items():
                result.states[state] = result.states.get(state, 0) + count
    return dict(sorted(results.items()))


def _transactions(plan: Plan, ordered: Iterable[ev.Record], counted: Counter[str], end: int) -> Transactions:
    """Count the payments, and find those that came to no good end; ``end`` is that of the scenario's own time."""
    unconfirmed: dict[str, None] = {}
    vanished: dict[str, None] = {}
    confirmed: set[str] = set()
    funders = _funders(plan)
    for record in ordered:
        match record.data:
            case ev.PaymentSent(txid=txid) if record.participant not in funders:
                unconfirmed[txid] = None
            case ev.PaymentConfirmed(txid=txid):
                confirmed.add(txid)
                unconfirmed.pop(txid, None)
            case ev.PaymentFailed(txid=txid):
                unconfirmed.pop(txid, None)
            case ev.PaymentReorged(txid=txid):
                unconfirmed[txid] = None
            case ev.PaymentMined(txid=txid) | ev.PaymentRemined(txid=txid):
                vanished.pop(txid, None)
                if txid in confirmed:
                    unconfirmed.pop(txid, None)
            case ev.PaymentVanished(txid=txid):
                vanished[txid] = None
            case _:
                pass
    return Transactions(
        sent=counted["PaymentSent"],
        confirmed=counted["PaymentConfirmed"],
        unconfirmed=len(unconfirmed),
        received=counted["PaymentReceived"],
        failed=counted["PaymentFailed"],
        doubtful=counted["PaymentDoubtful"],
        reorged=counted["PaymentReorged"],
        vanished=list(vanished),
        delayed=counted["PaymentDelayed"],
        requested=requested_payments(plan, end),
    )


def _funders(plan: Plan) -> set[str]:
    return {host.name for host in plan.hosts if any(actor.role == FUNDER for actor in host.actors)}


def _subsidies(height: int) -> int:
    """Sum the subsidies of the blocks above the genesis block."""
    total = 0
    for _ in range(height):
        total += base_reward(GENESIS_REWARD + total)
    return total
