"""Simulated time as traces: Chrome's format, which Perfetto opens, and OTLP, which collectors of OpenTelemetry take."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import msgspec

from monerosim.events import BlockFound, BlockSpread, PaymentConfirmed, PaymentSent, Record, TransactionSpread
from monerosim.rpc.transport import Json
from monerosim.runs import Run
from monerosim.runtime.clock import EPOCH
from monerosim.units import SECOND


class Span(msgspec.Struct, frozen=True):
    """Something that took simulated time."""

    participant: str
    actor: str
    name: str
    since: int
    """Microseconds since the run's start."""
    length: int
    trace: str
    """What it belongs to: the payment or the block."""
    data: dict[str, Json]


def spans(run: Run) -> Iterator[Span]:
    """Return payments from sent to confirmed, spreads from the first node to the last, and all else as moments."""
    zero = run.plan.time_zero
    sent: dict[str, Record] = {}
    for record in run.events():
        at = record.t + zero
        match record.data:
            case PaymentSent(txid=txid):
                sent[txid] = record
            case PaymentConfirmed(txid=txid, height=height) if txid in sent:
                first = sent.pop(txid)
                data: dict[str, Json] = {"txid": txid, "height": height}
                yield Span(first.participant, first.actor, "payment", first.t + zero, record.t - first.t, txid, data)
            case TransactionSpread(txid=item, first=since):
                yield Span(record.participant, "node", "transaction spreads", since + zero, record.t - since, item, {})
            case BlockSpread(hash=item, first=since, height=height):
                data = {"height": height}
                yield Span(record.participant, "node", "block spreads", since + zero, record.t - since, item, data)
            case BlockFound(hash=item, miner=miner):
                yield Span(miner, record.actor, record.tag, at, 0, item, _fields(record))
            case _:
                yield Span(record.participant, record.actor, record.tag, at, 0, record.cause, _fields(record))
    for txid, record in sent.items():
        yield Span(record.participant, record.actor, "payment-sent", record.t + zero, 0, txid, _fields(record))


def export_perfetto(run: Run, path: Path) -> None:
    """Write Chrome's trace format (JSON Array Format): a process a participant, a thread an actor.

    Raises:
        RunError: The run has not been played.
        OSError: The file cannot be written.
    """
    numbers = {host.name: number for number, host in enumerate(run.plan.hosts, 1)}
    threads: dict[tuple[str, str], int] = {}
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        file.write(b'{"displayTimeUnit":"ms","traceEvents":[\n')
        for name, number in numbers.items():
            about: dict[str, Json] = {"ph": "M", "pid": number, "name": "process_name", "args": {"name": name}}
            file.write(encode(about) + b",\n")
        for span in spans(run):
            process = numbers.setdefault(span.participant, len(numbers) + 1)
            key = span.participant, span.actor
            if key not in threads:
                threads[key] = len(threads) + 1
                about = {
                    "ph": "M",
                    "pid": process,
                    "tid": threads[key],
                    "name": "thread_name",
                    "args": {"name": span.actor},
                }
                file.write(encode(about) + b",\n")
            shown: dict[str, Json] = {"name": span.name, "cat": "monerosim", "pid": process, "ts": span.since}
            shown |= {"tid": threads[key], "args": span.data}
            shown |= {"ph": "X", "dur": span.length} if span.length else {"ph": "i", "s": "t"}
            file.write(encode(shown) + b",\n")
        end: dict[str, Json] = {"ph": "M", "pid": 0, "name": "process_name", "args": {"name": run.plan.name}}
        file.write(encode(end) + b"\n]}\n")


def export_otlp(run: Run, path: Path) -> None:
    """Write OTLP in JSON, a line a participant (the file exporter's format of OpenTelemetry's collector).

    A trace is all that belongs to a payment or a block. Simulated time begins at the clock's epoch.

    Raises:
        RunError: The run has not been played.
        OSError: The file cannot be written.
    """
    found: dict[str, list[Json]] = {}
    for number, span in enumerate(spans(run)):
        start = (round(EPOCH * SECOND) + span.since) * 1000
        found.setdefault(span.participant, []).append(
            {
                "traceId": sha256(span.trace.encode()).hexdigest()[:32],
                "spanId": sha256(f"{number}".encode()).hexdigest()[:16],
                "name": span.name,
                "kind": 1,
                "startTimeUnixNano": str(start),
                "endTimeUnixNano": str(start + span.length * 1000),
                "attributes": [_attribute("actor", span.actor)] + [_attribute(*item) for item in span.data.items()],
            }
        )
    with path.open("wb") as file:
        for participant, own in found.items():
            resource: Json = {
                "attributes": [_attribute("service.name", participant), _attribute("monerosim.run", run.plan.name)]
            }
            scope: list[Json] = [{"scope": {"name": "monerosim", "version": run.plan.monerosim}, "spans": own}]
            line: Json = {"resourceSpans": [{"resource": resource, "scopeSpans": scope}]}
            file.write(msgspec.json.encode(line) + b"\n")


def _attribute(key: str, value: Json) -> Json:
    return {
        "key": key,
        "value": {"stringValue": value if isinstance(value, str) else msgspec.json.encode(value).decode()},
    }


def _fields(record: Record) -> dict[str, Json]:
    data = record.plain()["data"]
    return {key: value for key, value in data.items() if key != "event"} if isinstance(data, dict) else {}
