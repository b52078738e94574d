"""The run as a whole, who takes part in it, what they hold, what went wrong, and every event as it stands."""

from collections.abc import Iterator
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from monerosim.events import (
    ActorFailed,
    ActorGivenUp,
    ActorRestarted,
    AgentUnresponsive,
    AlertRaised,
    BalanceRecorded,
    BlockSpread,
    BootstrapFailed,
    CommandFailed,
    ItemRelayed,
    LineCorrupted,
    ProcessDied,
    ProcessGivenUp,
    ProcessHung,
    ProcessRestarted,
    Record,
    RunEnded,
    TransactionSpread,
    WalletClosed,
)
from monerosim.plan.plan import HostPlan, Plan
from monerosim.tables.maker import Cell, Maker
from monerosim.tables.resources import RESOURCES
from monerosim.tables.schema import Column, Table

RUN = Table(
    "run",
    "The run itself, in one row.",
    (
        Column("name", "text", "the scenario's name"),
        Column("engine", "text", "what played it"),
        Column("seed", "integer", "its seed"),
        Column(
            "scenario_hash", "text", "SHA-256 of its parameters; equal for runs that differ in nothing but the seed"
        ),
        Column("version", "text", "of monerosim that built it"),
        Column("monero", "text", "versions of Monero's programs; empty on modelled ones"),
        Column("participants", "integer", "how many hosts it has"),
        Column("duration_us", "time", "length of the scenario's own time"),
        Column("bootstrap_us", "time", "length of the bootstrap before it"),
        Column("end_us", "time", "when it ended, since time zero; null while it has no summary"),
        Column("digest", "text", "of its events; null while it has no summary"),
        Column("completed", "boolean", "whether it was played to its end; null while it has no summary"),
        Column("reason", "text", "why it ended early or could not be played; empty if neither"),
        Column("wall_s", "real", "seconds it took; null where nobody measured it"),
    ),
)

PARAMETERS = Table(
    "parameters",
    "Every value of the scenario, defaults included: what a sweep varies is a join away.",
    (
        Column("path", "text", "its key, such as participants.user.count"),
        Column("value", "text", "as JSON has it; durations and amounts as people write them"),
    ),
)

PARTICIPANTS = Table(
    "participants",
    "Who takes part.",
    (
        Column("participant", "name", "its name"),
        Column("group", "name", "the table of the scenario it comes from"),
        Column("actors", "name", "its behaviours, with commas between"),
        Column("node", "name", "the participant whose node it uses; null if it uses none"),
        Column("own_node", "boolean", "whether that is its own"),
        Column("wallets", "integer", "how many it has"),
        Column("hashrate", "real", "as its configuration has it; 0 for one that does not mine"),
        Column("place", "integer", "its place in the topology"),
        Column("start_us", "time", "when its agent starts"),
    ),
)

WALLETS = Table(
    "wallets",
    "What wallets hold: what behaviours recorded, and the end.",
    (
        Column("participant", "name", "whose wallet"),
        Column("t_us", "time", "when"),
        Column("balance", "amount", "confirmed on the main chain, locked outputs included"),
        Column("unlocked", "amount", "what of it can be spent"),
        Column("in_flight", "amount", "what unconfirmed transactions will take, fees included; null before the end"),
        Column("final", "boolean", "whether it is the run's end"),
    ),
)

FAULTS = Table(
    "faults",
    "What went wrong with actors, processes, commands and the run itself.",
    (
        Column("t_us", "time", "when"),
        Column("participant", "name", "whose; empty where it is the run's"),
        Column("what", "name", "the event, such as actor-failed"),
        Column("name", "name", "the actor, process, command or file"),
        Column("reason", "text", "what is told about it"),
    ),
)

EVENTS_TABLE = Table(
    "events",
    "Every event, for what no other table has. When nodes had an item is in the sightings alone, relays in theirs.",
    (
        Column("t_us", "time", "when"),
        Column("participant", "name", "whose"),
        Column("actor", "name", "which of its actors"),
        Column("event", "name", "the kind of event"),
        Column("cause", "text", "the message or timer that it began with"),
        Column("data", "text", "its fields as JSON"),
    ),
)

_DATA = b',"data":'


def run_row(plan: Plan, ended: "RunEnd | None") -> tuple[Cell, ...]:
    """Return the row of the table ``run``.

    Args:
        plan: The run's plan.
        ended: How it ended; None while it has no summary.
    """
    parameters = {path: value for path, value in plan.parameters.items() if path != "simulation.seed"}
    settings = msgspec.json.encode([parameters, plan.plugins], order="deterministic")
    return (
        plan.name,
        plan.engine,
        plan.seed,
        sha256(settings).hexdigest(),
        plan.monerosim,
        ", ".join(f"{binary.path} {binary.version}" for binary in plan.binaries),
        len(plan.hosts),
        plan.duration,
        plan.time_zero,
        ended.end if ended else None,
        ended.digest if ended else None,
        ended.completed if ended else None,
        ended.reason if ended else "",
        (ended.wall_seconds or None) if ended else None,
    )


class RunEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended, as its summary has it."""

    end: int
    digest: str
    completed: bool
    reason: str
    wall_seconds: float


class WholeMaker(Maker):
    """Fills what concerns the whole run, and keeps every event."""

    tables = (RUN, PARAMETERS, PARTICIPANTS, WALLETS, FAULTS, RESOURCES, EVENTS_TABLE)

    def take(self, record: Record) -> None:
        """Keep the event, and what it tells of a wallet or of a fault."""
        if not isinstance(record.data, ItemRelayed):
            self.rows["events"].add(
                record.t, record.participant, record.actor, record.tag, record.cause, _fields(record)
            )
        match record.data:
            case BalanceRecorded(balance=balance, unlocked=unlocked):
                self.rows["wallets"].add(record.participant, record.t, balance, unlocked, None, False)
            case WalletClosed(balance=balance, unlocked=unlocked, in_flight=in_flight):
                self.rows["wallets"].add(record.participant, record.t, balance, unlocked, in_flight, True)
            case _:
                if (fault := _fault(record)) is not None:
                    self.rows["faults"].add(record.t, record.participant, record.tag, *fault)

    def end(self) -> None:
        """Add what the plan has."""
        for path, value in self.plan.parameters.items():
            self.rows["parameters"].add(path, value)
        for host in self.plan.hosts:
            self.rows["participants"].add(*self._participant(host))

    def _participant(self, host: HostPlan) -> Iterator[Cell]:
        yield host.name
        yield host.group
        yield ",".join(actor.name for actor in host.actors)
        yield host.uses_node
        yield host.node is not None
        yield len(host.wallets)
        yield sum(actor.hashrate for actor in host.actors)
        yield self.plan.topology.places.get(host.name)
        yield host.agent_start - self.plan.time_zero


def _fault(record: Record) -> tuple[str | None, str] | None:  # noqa: PLR0911  (a case an event)
    """Return who failed, and what is told about it; None if nothing went wrong."""
    match record.data:
        case ActorFailed(name=name, error=reason):
            return name, reason
        case ActorRestarted(name=name, restarts=restarts) | ActorGivenUp(name=name, restarts=restarts):
            return name, f"restarts: {restarts}"
        case ProcessRestarted(process=name, restarts=restarts) | ProcessGivenUp(process=name, restarts=restarts):
            return name, f"restarts: {restarts}"
        case ProcessDied(process=name, status=status):
            return name, f"exit status {status}"
        case ProcessHung(process=name, elapsed=elapsed):
            return name, f"no answer for {elapsed} microseconds"
        case AgentUnresponsive(agent=name, last_heard=last):
            return name, f"last heard at {last} microseconds"
        case CommandFailed(command=name, reason=reason) | AlertRaised(alert=name, reason=reason):
            return name, reason
        case LineCorrupted(file=name, line=line, reason=reason):
            return name, f"line {line}: {reason}"
        case BootstrapFailed(reason=reason) | RunEnded(reason=reason):
            return None, reason
        case _:
            return None


def _fields(record: Record) -> str:
    """Return an event as JSON; of a spread, without its times, which are most of a large run's events."""
    match record.data:
        case TransactionSpread() | BlockSpread() as spread:
            return msgspec.json.encode(replace(spread, delays=())).decode()
        case _:
            # Within text JSON has no bare quotation mark, so this is where the event begins.
            return record.line[record.line.index(_DATA) + len(_DATA) : -2].decode()
