"""What must hold after any run, looked at in what the run has left: events, summary, shared state."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from monerosim import events as ev
from monerosim.agent.registry import load_behaviour
from monerosim.config import load_config
from monerosim.events.record import Record
from monerosim.plan.funding import FUNDER_HOST
from monerosim.plan.plan import HostPlan
from monerosim.runs import Run
from monerosim.swarm.fragile import ACTOR, PlantedFaultError
from monerosim.units import SECOND

MARKETPLACE = "marketplace"
"""The behaviour that watches for payments."""

_PLANTED = PlantedFaultError.__name__

_LOOK = 90 * SECOND
"""What a wallet, a mailbox and a block on its way may take, on top of a marketplace's own interval."""

# Said here once more, so that a wrong constant of the program is found.
_REFRESH = 20 * SECOND
_COINBASE_UNLOCK = 60
"""Blocks until a reward can be spent (``CRYPTONOTE_MINED_MONEY_UNLOCK_WINDOW``, src/cryptonote_config.h)."""

_UNLOCK = 10
"""Blocks until a payment's outputs can be spent (``CRYPTONOTE_DEFAULT_TX_SPENDABLE_AGE``, src/cryptonote_config.h)."""


class Fault(msgspec.Struct, frozen=True):
    """Something that must not be."""

    kind: str
    """The same for the same fault in another scenario."""
    detail: str


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What a run shows."""

    faults: tuple[Fault, ...]
    shows: tuple[str, ...]
    """What of :data:`SHOWN` it has."""
    digest: str


SHOWN = ("reorganisations", "locked coins", "full blocks", "restarts")
"""What a good part of the runs should have."""


def inspect(directory: Path) -> Inspection:
    """Look at a run."""
    run = Run(directory)
    found = _Findings(run)
    return Inspection(faults=tuple(found.faults()), shows=tuple(found.shows()), digest=run.summary.digest)


class _Findings:
    def __init__(self, run: Run) -> None:
        self.run = run
        self.plan, self.summary = run.plan, run.summary
        self.records = sorted(run.events(), key=Record.sort_key)
        self.hosts = {host.name: host for host in self.plan.hosts}
        self.disturbed = {
            record.participant
            for record in self.records
            if isinstance(record.data, ev.CommandExecuted | ev.ActorFailed)
        }
        """Those of whom something was stopped, paused or set, or that have failed; all, if the network changed."""
        changes = [record.data for record in self.records if isinstance(record.data, ev.NetworkChanged)]
        self.changed = bool(changes)
        if changes:
            self.disturbed = set(self.hosts)
        self.settled = self.summary.completed and self.summary.chain.tips == 1 and not self.summary.failure
        self.settled = self.settled and not _lasting(changes)
        """Whether it came to its end, with all nodes on the same chain."""
        self.wallets = _addresses(run.directory)
        self.found = [record for record in self.records if isinstance(record.data, ev.BlockFound)]
        self.heights = [(it.data.first, it.data.height) for it in self.records if isinstance(it.data, ev.BlockSpread)]
        """When there was a block of each height first."""
        self.funders = self.plan.funders
        """Those that make blocks of which they do not tell."""
        self.orphaned = {record.data.hash for record in self.records if isinstance(record.data, ev.BlockStale)}

    def faults(self) -> Iterator[Fault]:
        """List all that must not be."""
        yield from self._bootstrap()
        yield from self._coins()
        yield from self._payments()
        yield from self._requests()
        yield from self._received()
        yield from self._orders()
        yield from self._rewards()
        yield from self._heights()
        yield from self._locks()
        yield from self._actors()

    def shows(self) -> Iterator[str]:
        """List what of :data:`SHOWN` happened."""
        kinds = {type(record.data) for record in self.records}
        if ev.Reorganised in kinds:
            yield "reorganisations"
        if ev.PaymentDelayed in kinds:
            yield "locked coins"
        if self._is_crowded():
            yield "full blocks"
        if ev.ActorRestarted in kinds:
            yield "restarts"

    def _is_crowded(self) -> bool:
        """Return whether a payment that all nodes had was not in the next block."""
        seen = {
            it.data.txid: it.t
            for it in self.records
            if isinstance(it.data, ev.TransactionSpread) and it.data.reached_all
        }
        blocks = [(_height(record), record.t) for record in self.found]
        mined = [record.data for record in self.records if isinstance(record.data, ev.PaymentMined)]
        return any(height < one.height and seen.get(one.txid, at) < at for one in mined for height, at in blocks)

    def _bootstrap(self) -> Iterator[Fault]:
        """Look whether initial balances were paid in time: that there is time for them was checked."""
        for record in self.records:
            if isinstance(record.data, ev.BootstrapFailed) and not self.disturbed:
                yield Fault("bootstrap failed", record.data.reason)

    def _coins(self) -> Iterator[Fault]:
        if not self.settled:
            return
        wallets = {host.name for host in self.plan.hosts if host.wallets or host.crowd is not None}
        closed = {record.participant for record in self.records if isinstance(record.data, ev.WalletClosed)}
        pending = any(it.data.in_flight for it in self.records if isinstance(it.data, ev.WalletClosed))
        forked = any(host.node is not None and host.node.upgrade is not None for host in self.plan.hosts)
        if self.summary.coins.change_twice or (pending and forked):
            # Another version may drop blocks, and with them coins whose change a wallet waits for.
            return
        if wallets == closed and self.summary.coins.unaccounted:
            yield Fault("coins that nobody holds", f"{self.summary.coins.unaccounted} atomic units")

    def _payments(self) -> Iterator[Fault]:
        for kind in (ev.PaymentSent, ev.PaymentConfirmed, ev.PaymentMined):
            times = Counter(it.data.txid for it in self.records if isinstance(it.data, kind))
            for txid, count in times.items():
                if count > 1:
                    yield Fault(f"{ev.event_tag(kind)} twice", f"{txid}: {count} times")
        sent = {record.data.txid for record in self.records if isinstance(record.data, ev.PaymentSent)}
        for record in self.records:
            if isinstance(record.data, ev.PaymentConfirmed | ev.PaymentMined) and record.data.txid not in sent:
                yield Fault(f"{ev.event_tag(type(record.data))}, never sent", record.data.txid)

    def _requests(self) -> Iterator[Fault]:
        """Look whether each requested payment came to one end, and no more came due than chance allows.

        Six standard deviations, and one payment an actor for the beginning of its first interval. Intervals with a
        heavy tail allow any number.
        """
        for group, it in self.summary.requests.items():
            ends = it.sent - it.extra + it.skipped + it.failed + it.doubtful + it.waiting
            if it.drawn != ends or it.sent != it.confirmed + it.unconfirmed + it.refused + it.vanished:
                yield Fault("payments do not add up", f"{group}: {it}")
            members = [host for host in self.plan.hosts if host.group == group]
            payers = sum(bool(actor.payments) for host in members for actor in host.actors)
            payers += sum(host.crowd.users for host in members if host.crowd is not None)
            bursts = any("interval_sigma" in actor.config for host in members for actor in host.actors)
            if not bursts and self.disturbed.isdisjoint(host.name for host in members):
                most = it.requested + 6 * it.requested**0.5 + payers
                if payers and it.drawn > most:
                    yield Fault("more payments than requested", f"{group}: {it.drawn}, at most {most:.0f} expected")

    def _received(self) -> Iterator[Fault]:
        """Look whether each that counts payments has had those to it once."""
        counted: Counter[tuple[str, str, str, str]] = Counter()
        for record in self.records:
            if isinstance(record.data, ev.PaymentReceived):
                counted[record.participant, record.actor, record.data.txid, record.data.address] += 1
        for (market, _, txid, _), count in counted.items():
            if count > 1:
                yield Fault("payment received twice", f"{txid} by {market}: {count} times")
        if self.settled and not self.orphaned:
            yield from self._missed({(market, txid, address) for market, _, txid, address in counted})

    def _missed(self, had: set[tuple[str, str, str]]) -> Iterator[Fault]:
        """Look for confirmed payments that a marketplace should have had by now."""
        watched = self._watched()
        sent = {it.data.txid: (it.participant, it.data) for it in self.records if isinstance(it.data, ev.PaymentSent)}
        for record in self.records:
            if not isinstance(record.data, ev.PaymentConfirmed) or record.data.txid not in sent:
                continue
            sender, payment = sent[record.data.txid]
            for address in dict.fromkeys(payment.recipients):
                market = watched.get(address, sender)
                missing = market != sender and (market, payment.txid, address) not in had
                if missing and self._had_time(self.hosts[market], record.data.height):
                    yield Fault("confirmed payment not received", f"{payment.txid} by {market}")

    def _watched(self) -> dict[str, str]:
        """List the addresses of marketplaces that nobody has disturbed, and whose they are."""
        watched = {
            address: host.name
            for host in self.plan.hosts
            if host.name not in self.disturbed and _market(host)
            for address in self.wallets.get(host.name, ())
        }
        for record in self.records:
            if isinstance(record.data, ev.OrderPlaced) and record.participant not in self.disturbed:
                watched[record.data.address] = record.participant
        return watched

    def _had_time(self, host: HostPlan, height: int) -> bool:
        """Return whether a marketplace must have seen a payment in a block as deep as it wants it."""
        market = _market(host)
        if market is None:
            return False
        start, interval, confirmations = market
        letter = self.plan.letters.delay + self.plan.letters.interval
        last = self.plan.duration - 2 * interval - _LOOK - 3 * letter
        ready = [it.t for it in self.records if it.participant == host.name and isinstance(it.data, ev.ServiceReady)]
        deep = [it.t for it in self.found if _height(it) >= height + confirmations]
        return bool(deep and ready) and max(min(deep), *ready, start - self.plan.time_zero) < last

    def _orders(self) -> Iterator[Fault]:
        states: Counter[tuple[str, str]] = Counter()
        for record in self.records:
            if isinstance(record.data, ev.OrderChanged) and record.data.state in ("received", "confirmed", "unpaid"):
                states[record.data.order, record.data.state] += 1
        for (order, state), count in states.items():
            if count > 1:
                yield Fault(f"order {state} twice", order)

    def _paid(self, but_by: str = "") -> set[str]:
        """Return the addresses that were paid, but by one participant."""
        return {
            address
            for record in self.records
            if isinstance(record.data, ev.PaymentSent) and record.participant != but_by
            for address in record.data.recipients
        }

    def _height_at(self, t: int) -> int:
        """Return the height of the highest block that there was at a time."""
        return max((height for at, height in self.heights if at <= t), default=0)

    def _rewards(self) -> Iterator[Fault]:
        """Look whether who only mines holds what its blocks pay."""
        if not self.settled:
            return
        paid = self._paid()
        payers = {
            record.participant
            for record in self.records
            if isinstance(record.data, ev.PaymentSent | ev.PaymentDoubtful)
        }
        crowds = {host.name for host in self.plan.hosts if host.crowd is not None}
        rewards: defaultdict[str, int] = defaultdict(int)
        makers: dict[str, set[str]] = {}
        for record in self.found:
            if isinstance(record.data, ev.BlockFound):
                makers.setdefault(record.data.miner, set()).add(record.participant)
                if record.data.hash not in self.orphaned:
                    rewards[record.data.miner] += record.data.reward
        for miner, reward in rewards.items():
            own = set(self.wallets.get(miner, ()))
            if (
                not own
                or own & paid
                or miner in payers | self.funders | crowds
                or makers[miner] & self.disturbed
                or miner not in self.summary.coins.balances
            ):
                continue
            if self.summary.coins.balances[miner] != reward:
                held = self.summary.coins.balances[miner]
                yield Fault("miner holds other than its blocks paid", f"{miner}: {held} of {reward}")

    def _heights(self) -> Iterator[Fault]:
        """Look whether the main chain has one block a height, all of them told."""
        started = [it.data.height for it in self.records if isinstance(it.data, ev.BootstrapFinished)]
        makers = {record.participant for record in self.found}
        bootstrapped = FUNDER_HOST not in self.hosts or bool(started)
        if not self.settled or makers & self.disturbed or self.funders - {FUNDER_HOST} or not bootstrapped:
            return
        main = [
            it.data.height
            for it in self.found
            if isinstance(it.data, ev.BlockFound) and it.data.hash not in self.orphaned
        ]
        # Who had not yet heard of the bootstrap's last blocks may have found others in their place.
        height, first = self.summary.chain.height, started[0] if started else 0
        if sorted(main) != list(range(min([first + 1, *main]), height + 1)):
            yield Fault("main chain is not what was found", f"{len(main)} blocks from {first} to {height}")

    def _locks(self) -> Iterator[Fault]:
        """Look whether rewards and change are left alone as long as they are locked."""
        for record in self.records:
            if isinstance(record.data, ev.RewardUnlocked):
                highest = self._height_at(record.t)
                if highest + 1 - record.data.height < self._least("coinbase_unlock", _COINBASE_UNLOCK):
                    yield Fault("reward unlocked early", f"of block {record.data.height} at height {highest}")
        yield from self._change()

    def _least(self, key: str, usual: int) -> int:
        """Return the fewest blocks of a lock that some rule of a node or of a hard fork says."""
        own = [host.node.rules for host in self.plan.hosts if host.node is not None]
        rules = [rule for some in (*own, *(fork.rules for fork in self.plan.consensus.hard_forks)) for rule in some]
        return min([usual, *(found for rule in rules if isinstance(found := rule.config.get(key), int))])

    def _change(self) -> Iterator[Fault]:
        """Look whether wallets that only their initial outputs feed spend no change early: each payment takes one."""
        paid = self._paid(but_by=FUNDER_HOST)
        # An address that nobody has published may be its payer's own.
        known = {address for addresses in self.wallets.values() for address in addresses}
        known |= {record.data.address for record in self.records if isinstance(record.data, ev.OrderPlaced)}
        mined = {it.data.txid: it.data.height for it in self.records if isinstance(it.data, ev.PaymentMined)}
        undone = ev.PaymentReorged | ev.PaymentFailed | ev.PaymentVanished
        again = {it.data.txid for it in self.records if isinstance(it.data, undone)}
        miners = {it.data.miner for it in self.found if isinstance(it.data, ev.BlockFound)}
        payments: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        itself: set[str] = set()
        for record in self.records:
            if isinstance(record.data, ev.PaymentSent):
                payments[record.participant].append((record.t, record.data.txid))
                if not known.issuperset(record.data.recipients):
                    itself.add(record.participant)
        outputs, unlock = self._initial_outputs(), self._least("spendable_age", _UNLOCK)
        # Of those beside a crowd, some payments are from wallets of its own.
        crowds = {host.name for host in self.plan.hosts if host.crowd is not None}
        others = miners | itself | self.funders | crowds
        for name, sent in payments.items():
            own = self.wallets.get(name, ())
            if name not in outputs or name in others or not own or not paid.isdisjoint(own):
                continue
            if any(txid in again for _, txid in sent):
                continue
            for number, (at, txid) in enumerate(sent):
                highest = self._height_at(at)
                heights = [mined.get(before) for _, before in sent[:number]]
                locked = sum(height is None or height + unlock > highest + 1 for height in heights)
                if locked >= outputs[name]:
                    yield Fault("change spent early", f"{txid} of {name}")
                    break

    def _initial_outputs(self) -> dict[str, int]:
        """Count the outputs in which initial balances were paid."""
        counted: Counter[str] = Counter()
        for host in self.plan.hosts:
            for actor in host.actors:
                payees = actor.config.get("payees", ()) if host.name == FUNDER_HOST else ()
                if isinstance(payees, list | tuple):
                    counted.update(str(payee["participant"]) for payee in payees if isinstance(payee, dict))
        return counted

    def _actors(self) -> Iterator[Fault]:
        planted = {
            it.participant for it in self.records if isinstance(it.data, ev.ActorFailed) and _PLANTED in it.data.error
        }
        for record in self.records:
            event = record.data
            if isinstance(event, ev.ActorGivenUp) and event.name != ACTOR and not event.name.startswith(f"{ACTOR}-"):
                yield Fault(f"gave up {event.name}", record.participant)
            elif isinstance(event, ev.ActorFailed) and "LettersLost" in event.error:
                if not any(isinstance(it.data, ev.ActorGivenUp | ev.CommandExecuted) for it in self.records):
                    yield Fault("letters lost or twice", f"{record.participant}: {event.error}")
            elif isinstance(event, ev.ActorFailed) and record.participant not in planted:
                kind = f"{event.name} failed: {event.error.partition(':')[0]}"
                yield Fault(kind, f"{record.participant}: {event.error}")


def _lasting(changes: Iterable[ev.NetworkChanged]) -> bool:
    """Return whether some program still does not run at the end, or nodes are cut off."""
    begun: dict[tuple[str, str], None] = {}
    for change in changes:
        details = msgspec.json.decode(change.details, type=dict[str, Any])
        what = f"{details.get('program', '')}{details.get('peer', '')}"
        for who in change.who or ("",):
            if change.do in ("shut-down", "crash", "freeze", "cut", "partition", "silence", "degrade"):
                begun[who, what] = None
            elif change.do in ("start-up", "thaw", "restore", "heal", "unsilence"):
                begun.pop((who, what), None)
    return bool(begun)


def _addresses(directory: Path) -> dict[str, tuple[str, ...]]:
    """Read what addresses each wallet has published."""
    found = {}
    for path in sorted((directory / "shared" / "wallets").glob("*.json")):
        data = msgspec.json.decode(path.read_bytes())
        found[path.stem] = tuple(data.get("addresses", ()))
    return found


def _height(record: Record) -> int:
    return record.data.height if isinstance(record.data, ev.BlockFound) else 0


def _market(host: HostPlan) -> tuple[int, int, int] | None:
    """Return when a host's marketplace begins, how often it looks, and how deep it wants payments; None without one."""
    for actor in host.actors:
        if actor.use == MARKETPLACE:
            config = load_config(actor.config, load_behaviour(actor.use).Config)
            interval = getattr(config, "check_interval", None) or _REFRESH
            return actor.start, int(interval), int(getattr(config, "confirmations", 1))
    return None
