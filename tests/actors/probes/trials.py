"""Runs by seed in which something is wrong, and runs in which nothing is: what probes have to tell apart."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from monerosim import Record, Run
from monerosim.build.build import build_plan
from monerosim.build.rundir import write_run_directory
from monerosim.engines.embedded import Embedded
from monerosim.engines.embedded.environment import EmbeddedEnvironment
from monerosim.events import ProbeFailed, ProbePassed
from monerosim.runtime.rng import Rng, stable_seed
from monerosim.scenario import parse

XMR = 10**12

PROBES = ("consensus", "connectivity", "performance", "transactions")

NETWORK = """
[simulation]
name = "trial"
duration = "25m"
cooldown = "2m"
seed = {seed}

[consensus]
block_time = "30s"

[network]
connections = {connections}
latency = "{latency}ms"

[participants.miner]
kind = "mining-pool"
count = 2
hashrate = 50

[participants.user]
kind = "regular-user"
count = 4
wallet = {{ initial_balance = "20 XMR", outputs = 10 }}
max_amount = "0.5 XMR"
transaction_interval = "{interval}s"

[participants.churner]
kind = "churner"
node = "miner-002"
wallet = {{ initial_balance = "20 XMR", outputs = 3 }}
transaction_interval = "3m"

[participants.block-controller]
kind = "block-controller"

[participants.probe]
node = "miner-001"
actors = [
    {{ use = "consensus-probe" }},
    {{ use = "connectivity-probe" }},
    {{ use = "performance-probe", pool = 22 }},
    {{ use = "transactions-probe" }},
]
"""


class Lies(NamedTuple):
    """What a service of the model answers falsely."""

    host: str
    service: str
    """``node`` or ``wallet``."""
    method: str
    change: Callable[[dict], None] = lambda _: None
    """Changes the answer."""
    delay: float = 0.0
    """How long it takes, seconds."""


class Fault(NamedTuple):
    """Something that is wrong in a run."""

    probe: str
    evidence: str
    """What the probe that is to find it has to name."""
    timeline: tuple[str, ...] = ()
    lies: tuple[Lies, ...] = ()


def happens(do: str, **keys: object) -> str:
    """An entry of the timeline, at the fifth minute."""
    told = "\n".join(f"{key} = {value}" for key, value in keys.items())
    return f'[[timeline]]\nat = "5m"\ndo = "{do}"\n{told}\n'


class _Doctored:
    """A way to a service whose answers are changed."""

    def __init__(self, transport, lies, sleep):
        self._transport = transport
        self._sleep = sleep
        self._lies = lies
        self.address = transport.address

    def post(self, path, body, timeout):
        answer = self._transport.post(path, body, timeout)
        for lie in self._lies:
            if lie.method in (path, body.get("method")) and "error" not in answer:
                lie.change(answer.get("result", answer))
                self._sleep(lie.delay)
        return answer


def _engine(lies: tuple[Lies, ...]) -> Embedded:
    def of(service, host):
        return [lie for lie in lies if (lie.service, lie.host) == (service, host)]

    class Lying(EmbeddedEnvironment):
        """The embedded engine's, where some services lie."""

        def node(self, host):
            return _Doctored(super().node(host), of("node", host), self.runtime.sleep)

        def wallet(self, host):
            return _Doctored(super().wallet(host), of("wallet", host), self.runtime.sleep)

    class Engine(Embedded):
        environment = Lying

    return Engine()


def play(directory: Path, seed: int, fault: Fault | None = None) -> list[Record]:
    """Play a run of a seed, and return what the probes recorded."""
    rng = Rng(stable_seed(seed, "trial"))
    text = NETWORK.format(
        seed=seed,
        connections=rng.integer(2, 3),
        latency=rng.integer(10, 400),
        interval=rng.integer(60, 240),
    )
    examined = parse(text + "".join(fault.timeline if fault else ()))
    plan = build_plan(examined, None)
    write_run_directory(plan, b"", directory)
    _engine(fault.lies if fault else ()).play(plan, directory, trace_level="CRITICAL", on_progress=lambda _: True)
    return [it for it in Run(directory).events() if isinstance(it.data, ProbePassed | ProbeFailed)]


def _twice(result):
    """Count the first payment that came twice."""
    came = result.get("in", [])
    if came:
        came.append(dict(came[0]))


def _richer(result):
    result["balance"] += XMR


def _blind():
    """Wallet that has not seen the first payment that came."""
    hidden = {"amount": 0}

    def transfers(result):
        came = result.get("in", [])
        if came:
            first = min(came, key=lambda entry: (entry["height"], entry["txid"]))
            came.remove(first)
            hidden["amount"] = first["amount"]

    def balance(result):
        result["balance"] -= hidden["amount"]

    return transfers, balance


def _phantom(result):
    """Claim a payment that was never made."""
    result.setdefault("pending", []).append(
        {"txid": "ab" * 32, "amount": 0, "fee": 0, "height": 0, "timestamp": 946_690_000, "type": "pending"}
    )


def _mined_twice():
    """Node of which each block has the first transaction of the chain again."""
    first = []

    def change(result):
        hashes = result.get("tx_hashes", [])
        first.extend(hashes[: 1 - len(first)])
        if first and hashes and first[0] not in hashes:
            hashes.append(first[0])

    return change


def _spent_twice(result):
    """Have all transactions spend the same output."""
    for entry in result.get("txs", []):
        entry["as_json"] = re.sub('"k_image": "[0-9a-f]*"', f'"k_image": "{"cd" * 32}"', entry["as_json"])


def _better_paid(result):
    result["headers"][-1]["reward"] += XMR


def _more_emitted(result):
    result["emission_amount"] += 1


def faults(probe: str, seed: int) -> Fault:
    """The fault of a seed that a probe is to find: each kind in turn, with somebody else as the culprit."""
    user = f"user-00{1 + seed % 3}"
    both = ("miner-001", "miner-002")
    made = {
        "consensus": (
            Fault(probe, "other blocks", (happens("partition", sides='{ one = ["miner-001"], two = ["miner-002"] }'),)),
            Fault(probe, user, (happens("shut-down", who=f'"{user}"'),)),
            Fault(probe, f"{user} is at height", (happens("partition", sides=f'{{ alone = ["{user}"] }}'),)),
            Fault(probe, "and in block", lies=tuple(Lies(it, "node", "get_block", _mined_twice()) for it in both)),
            Fault(
                probe, "spend the same", lies=tuple(Lies(it, "node", "/get_transactions", _spent_twice) for it in ALL)
            ),
            Fault(probe, "pay", lies=tuple(Lies(it, "node", "get_block_headers_range", _better_paid) for it in ALL)),
            Fault(probe, "create", lies=tuple(Lies(it, "node", "get_coinbase_tx_sum", _more_emitted) for it in ALL)),
        ),
        "connectivity": (
            Fault(probe, "no way", (happens("partition", sides='{ one = ["miner-001"], two = ["miner-002"] }'),)),
            Fault(
                probe,
                f"{user} has 0",
                tuple(happens("cut", who=f'"{user}"', peer=f'"{it}"') for it in ALL if it != user),
            ),
            Fault(probe, f"{user} cannot be reached", (happens("crash", who=f'"{user}"'),)),
            Fault(probe, f"{user} cannot be reached", (happens("freeze", who=f'"{user}"'),)),
        ),
        "performance": (
            Fault(probe, f"{user} had no block", (happens("degrade", who=f'"{user}"', latency='"40s"'),)),
            Fault(probe, f"{user} took 9.0 s", lies=(Lies(user, "node", "get_info", delay=9.0),)),
            Fault(probe, "mean block times", (happens("pause", who='"block-controller"'),)),
            Fault(
                probe,
                "in its txpool",
                (
                    happens("set", who='"user"', transaction_interval='"20s"'),
                    happens("pause", who='"block-controller"'),
                ),
            ),
            Fault(probe, f"{user} does not answer", (happens("freeze", who=f'"{user}"'),)),
        ),
        "transactions": (
            Fault(probe, f"{user} has received", lies=(Lies(user, "wallet", "get_transfers", _twice),)),
            Fault(probe, f"{user} holds", lies=(Lies(user, "wallet", "get_balance", _richer),)),
            Fault(probe, "in no txpool and in no block", lies=(Lies(user, "wallet", "get_transfers", _phantom),)),
            Fault(probe, f"to {user}, which has", lies=_both(user, *_blind())),
            Fault(
                probe,
                f"of {user} has been in no block",
                tuple(happens("silence", who=f'"{user}"', what=f'"{it}"') for it in ("stems", "transactions")),
            ),
            Fault(
                probe,
                f"the wallet of {user} does not answer",
                (happens("shut-down", who=f'"{user}"', program='"wallet"'),),
            ),
        ),
    }[probe]
    return made[seed % len(made)]


ALL = ("miner-001", "miner-002", "user-001", "user-002", "user-003", "user-004")


def _both(user, transfers, balance):
    return Lies(user, "wallet", "get_transfers", transfers), Lies(user, "wallet", "get_balance", balance)
