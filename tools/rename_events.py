"""The digests of runs recorded before events were renamed: old, and after the renaming. Run once, when they were.

    python tools/rename_events.py RUN...

A run's events.jsonl with the names below replaced has the digest that the same run has now.
"""

import argparse
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import msgspec

TAGS = {
    "agent-silent": "agent-unresponsive",
    "block-orphaned": "block-stale",
    "command-carried-out": "command-executed",
    "line-damaged": "line-corrupted",
    "payment-mined-again": "payment-remined",
    "payment-orphaned": "payment-reorged",
    "winner-passed-over": "miner-skipped",
}

FIELDS = {
    "actor-failed": {"failed": "name"},
    "actor-given-up": {"given_up": "name"},
    "actor-restarted": {"restarted": "name"},
    "agent-unresponsive": {"since": "last_heard"},
    "block-spread": {"after": "delays"},
    "command-executed": {"do": "command", "by": "behaviour"},
    "command-failed": {"do": "command"},
    "node-synced": {"waited": "elapsed"},
    "order-changed": {"waited": "elapsed"},
    "payment-confirmed": {"waited": "elapsed"},
    "payment-vanished": {"waited": "elapsed"},
    "process-hung": {"silent": "elapsed"},
    "reorganised": {"old": "old_tip", "new": "new_tip"},
    "transaction-spread": {"after": "delays"},
    "vendor-totals": {"to_receive": "mean_time_to_receive", "to_confirm": "mean_time_to_confirm"},
}
"""By the new names of the events."""


def renamed(line: bytes) -> bytes:
    """Return a line of an event log with the new names, its fields in the same order."""
    record = msgspec.json.decode(line)
    tag = TAGS.get(record["data"]["event"], record["data"]["event"])
    fields = FIELDS.get(tag, {})
    data = {fields.get(key, key): value for key, value in record["data"].items()} | {"event": tag}
    return msgspec.json.encode(record | {"data": data})


def digest(lines: Iterable[bytes]) -> str:
    """Return the digest of a run's events, as monerosim.events.log takes it."""
    hashes = []
    for line in lines:
        record = msgspec.json.decode(line)
        hashes.append(((record["t"], record["participant"]), sha256(line).digest()))
    hashes.sort(key=lambda one: one[0])
    return sha256(b"".join(one for _, one in hashes)).hexdigest()


def main() -> None:
    """Print each run's name, its digest, and its digest after the renaming."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    for run in parser.parse_args().runs:
        lines = (run / "events.jsonl").read_bytes().splitlines()
        print(run.name, digest(lines), digest(map(renamed, lines)))


if __name__ == "__main__":
    main()
