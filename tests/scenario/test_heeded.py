"""Nothing is asked for in vain: on each engine, a key that is changed changes the run, or else the check names it.

A new key falls under this by being there. If what it does shows in none of the small scenarios here, or not by the
change that is made up for its type, it gets a line in ``CASES``; if an engine does not heed it, that engine says so in
its ``unheeded``.
"""

import shutil
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from monerosim.build.build import compile_plan
from monerosim.build.gml import to_gml
from monerosim.build.rundir import write_run_directory
from monerosim.build.shadow import shadow_yaml
from monerosim.config import Amount, Duration, field_default, strip_notes
from monerosim.plan.allowed_flags import HARMLESS, MODELLED, NODE
from monerosim.plan.funding import FundingConfig
from monerosim.plan.plan import Plan
from monerosim.plan.restarts import Restarts
from monerosim.plugins import PluginFiles, names_file
from monerosim.runs import play
from monerosim.scenario import Examination, examine
from monerosim.scenario.tables import Alert, Node, Participant, Scenario, SweepTable, TimelineEntry, Upgrade, Wallet
from monerosim.scenario.toml import write_value
from monerosim.swarm import fragile
from monerosim.swarm.scenarios import behaviours
from monerosim.swarm.values import choices, structure
from monerosim.topology import load_topology, topology_names

HEED = "does not heed"
ENGINES = ("embedded", "local", "shadow")

HEAD = """\
[simulation]
duration = "10m"
[consensus]
block_time = "30s"
[participants.z]
kind = "mining-pool"
hashrate = 60
[participants.y]
kind = "mining-pool"
hashrate = 40
[participants.controller]
kind = "block-controller"
"""
USERS = """\
[participants.who]
kind = "regular-user"
count = 3
stagger = "10s"
wallet = { initial_balance = "20 XMR", outputs = 3 }
transaction_frequency = 1
"""
MARKET = """\
[participants.market]
kind = "marketplace"
node = "z"
wallet = { addresses = 2 }
"""
TIMELINE = """\
[[timeline]]
at = "6m"
do = "pause"
who = "who"
"""
WHOLE = HEAD + USERS + MARKET + TIMELINE


FUNDED = 'wallet = { initial_balance = "20 XMR", outputs = 3 }'


def with_one(kind: str, more: str = "", beside: str = MARKET) -> str:
    """Compose a network with a participant of a kind."""
    return f'{HEAD}{beside}[participants.who]\nkind = "{kind}"\n{more}\n'


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """Where a key matters, and what it is changed to; made up where that is left out."""

    base: str = ""
    value: object = None


ORDERS = f"{HEAD}{MARKET}items = 3\n{USERS}orders = true\n"
PLAIN = HEAD + USERS.replace("transaction_frequency = 1\n", "")
AUTONOMOUS = HEAD.partition("[participants")[0] + '[participants.who]\nkind = "autonomous-miner"\nhashrate = 100\n'
RACING = AUTONOMOUS.replace('"30s"', '"4s"') + 'count = 6\nnode = {}\n[network]\nlatency = "490ms"\nconnections = 2\n'
FRAGILE = '{ use = "./fragile.py:Fragile", interval = "1m" }'
FAILING = f"""{HEAD}
[participants.who]
node = {{}}
actors = [{{ use = "standard-sync", interval = "1m" }}, {FRAGILE}]
restarts = {{ max_restarts = 2, window = "3m", backoff = "5s" }}
"""
LATE = ORDERS.replace("items = 3", 'items = 3\npayment_window = "1s"').replace("outputs = 3", "outputs = 1")
MINER = 'interval = "2m"\nactors = [{ use = "mining-pool", hashrate = 50 }]'
HASTY = with_one("KIND", 'wallet = { initial_balance = "9 XMR" }\ntransaction_interval = "30s"')
WITNESSED = HEAD + '[participants.who]\nnode = {}\nactors = [{ use = "./witness.py:Witness" }]\n'
DEAF = HEAD.replace("controller]", "who]").replace("hashrate = 40", "hashrate = 1")
DEAF += 'mode = "signal"\n[participants.x]\nkind = "./witness.py:Deaf"\nnode = {}\nwallet = {}\nhashrate = 40\n'
STOPPING = TIMELINE.replace("pause", "stop").replace("who", "user", 2).replace("user =", "who =")
ENDING = with_one("orchestrator", "", USERS.replace("who", "user")) + STOPPING

PAID = f'{HEAD}[participants.shop]\nkind = "payee"\nconfirmations = 1\n'
COINS = 'wallet = { initial_balance = "20 XMR", outputs = 5 }\n'
IN_BRANCH = f"""{PAID}[participants.who]
kind = "branch-double-spender"
hashrate = 300
victims = ["shop"]
confirmations = 1
delivery = "1s"
{COINS}"""
IN_POOL = f'{PAID}[participants.who]\nkind = "pool-double-spender"\nvictims = ["shop"]\ninterval = "1m"\n{COINS}'
PAYEE = IN_POOL.replace("who]", "attacker]").replace("shop", "who")

OTHERS = USERS.replace("who", "user")

STEMMING = HEAD.replace('"30s"', '"1m"') + USERS.replace("count = 3", 'count = 3\nnode = "z"')
STEMMING += '[participants.x]\nkind = "relay"\ncount = 4\n[network.dandelion]\nfluff_probability = 0\n'
STEMMING += 'flush_incoming = "25s"\nflush_outgoing = "25s"\nembargo = "100s"\n'
FLUFFING = f"{WHOLE}[network.dandelion]\nfluff_probability = 100\n"
UPGRADING = FLUFFING + '[participants.who.node]\nupgrade = { at = "0s", version = "0.18.2.0", binary = "monerod" }\n'

SELFISH = AUTONOMOUS.replace('"30s"', '"2s"').replace("who]", "others]").replace("100", "55") + "node = {}\ncount = 2\n"
SELFISH += """[participants.who]
kind = "selfish-miner"
hashrate = 80
[network]
latency = "1ms"
places = { others = { latency = "25ms" } }
"""

PROBES = ("consensus-probe", "connectivity-probe", "performance-probe", "transactions-probe")
AWAY = '[[timeline]]\nat = "5m"\ndo = "shut-down"\nwho = "user-001"\n'
STILL = '[[timeline]]\nat = "2m"\ndo = "pause"\nwho = "controller"\n'
SPLIT = '[[timeline]]\nat = "2m"\ndo = "partition"\nsides = { north = ["y"] }\n'


def probed(kind: str, timeline: str = AWAY) -> str:
    """Compose a network that a probe looks at every other minute."""
    return with_one(kind, 'interval = "2m"', USERS.replace("who", "user")) + timeline


TRADING = HEAD.replace('"30s"', '"10s"')
TRADING += f"""[participants.who]
kind = "exchange"
{FUNDED}
deposit_confirmations = 2
batch_interval = "1m"
[participants.trader]
kind = "trader"
count = 2
exchange = "who"
transaction_interval = "1m"
min_amount = "0.05 XMR"
{FUNDED}
"""
TRADER = TRADING.replace("who", "place").replace("trader]", "who]")
PAYOUT = HEAD.replace('"30s"', '"5s"')
PAYOUT += """[participants.who]
kind = "pool-payout"
miners = ["worker"]
interval = "1m"
actors = [{ use = "mining-pool", hashrate = 60 }]
[participants.worker]
kind = "hodler"
count = 2
node = "y"
"""

CROWD = 'users = 5\ninitial_balance = "20 XMR"\noutputs = 2\ntransaction_frequency = 0.9'
RARE_CROWD = CROWD.replace("transaction_frequency = 0.9", "")

BASES = {
    "alerts": WHOLE + '[[alerts]]\nwhen = "no-block"\nafter = "1m"\n',
    "autonomous-miner": AUTONOMOUS,
    "block-controller": HEAD.replace("controller]", "who]").replace("hashrate = 40", "hashrate = 1"),
    "constant-mining": with_one("constant-mining", 'interval = "50s"'),
    "crowd": with_one("crowd", CROWD),
    "churner": with_one("churner", f'{FUNDED}\ntransaction_interval = "2m"'),
    "hodler": with_one("hodler", f'{FUNDED}\ninterval = "2m"'),
    "marketplace": ORDERS.replace("participants.who", "participants.user").replace(
        "participants.market", "participants.who"
    ),
    "mining-pool": HEAD.replace("participants.y", "participants.who"),
    "mining-wallet": with_one("mining-wallet", f'{MINER}\nsweep_to = "z"').replace('"30s"', '"5s"'),
    "observer": with_one("observer"),
    "orchestrator": with_one("orchestrator", 'collect = ["block-found"]', USERS.replace("who", "user")),
    "regular-user": WHOLE,
    "relay": with_one("relay", 'interval = "3m"'),
    "branch-double-spender": IN_BRANCH,
    "payee": PAYEE,
    "pool-double-spender": IN_POOL,
    "black-hole": with_one("black-hole", "", OTHERS),
    "eclipse": with_one("eclipse", 'victim = "z"'),
    "flooder": with_one("flooder", FUNDED),
    "partitioner": with_one("partitioner", 'side = ["y"]\nafter = "1m"\nlasting = "1m"'),
    "sybil": with_one("sybil", 'interval = "2m"'),
    "transaction-withholder": with_one("transaction-withholder", "", OTHERS),
    **{kind: probed(kind) for kind in PROBES},
    "exchange": TRADING,
    "trader": TRADER,
    "pool-payout": PAYOUT,
    "restarts": FAILING,
    "selfish-miner": SELFISH,
    "standard-sync": with_one("standard-sync", 'interval = "2m"'),
    "transaction-bot": with_one("transaction-bot", f'{FUNDED}\ntransaction_interval = "2m"'),
    **{f"topology {name}": f'{WHOLE}[network]\ntopology = {{ kind = "{name}" }}\n' for name in topology_names()},
    "topology small-world": f'{WHOLE}[network]\ntopology = {{ kind = "small-world", neighbours = 2 }}\n',
    "topology file": f"{WHOLE}[network]\n"
    'topology = { kind = "file", file = "bare.edges", bandwidth = "9 Mbit", latency = "9ms" }\n',
}
"""Where the keys of a table matter."""

ALERTED = WHOLE + '[[alerts]]\nwhen = "no-block"\nafter = "1m"\n'
UNCONFIRMED = ALERTED.replace('no-block"\nafter = "1m', 'payment-unconfirmed"\nafter = "10s')

CASES: Mapping[str, Case] = {
    "alerts.when": Case(value="failure", base=FAILING + '[[alerts]]\nwhen = "no-block"\n'),
    "alerts.name": Case(value="silence"),
    "alerts.after": Case(value="2m"),
    "alerts.who": Case(value=["who-002"], base=UNCONFIRMED),
    "simulation.bootstrap": Case(value="20m"),
    "network.topology": Case(value="ring"),
    "network.latency": Case(value="70ms"),
    "network.bandwidth": Case(value="100 kbit"),
    "network.connections": Case(value=1),
    "network.version": Case(value="0.18.2.0", base=FLUFFING),
    "network.relay": Case(value={"transaction_verification": {"mean": "1s"}}),
    "network.dandelion": Case(value={"fluff_probability": 100}),
    "node.version": Case(value="0.18.2.0", base=FLUFFING),
    "consensus.difficulty": Case(value=7, base=WITNESSED),
    "consensus.pool_lifetime": Case(value="1s"),
    "consensus.pool_weight": Case(value=1),
    "consensus.stems_in_blocks": Case(value=False, base=STEMMING),
    "binaries.monerod": Case(value="monerod-0.18.4"),
    "binaries.wallet": Case(value="monero-wallet-rpc-0.18.4"),
    "binaries.monerod_flags": Case(value=["--log-level=2"]),
    "binaries.wallet_flags": Case(value=["--log-level=2"]),
    "rules.use": Case(value="uniform-tie-breaking", base=RACING),
    "rules.hard_forks": Case(value=[{"height": 9, "since": "0.18.0.0", "use": "fcmp-plus-plus"}]),
    "node.upgrade": Case(value={"at": "0s", "version": "0.18.2.0"}, base=FLUFFING),
    "upgrade.at": Case(value="20m", base=UPGRADING),
    "upgrade.version": Case(value="0.18.1.2", base=UPGRADING),
    "upgrade.binary": Case(value="monerod-0.18.4", base=UPGRADING),
    "upgrade.stagger": Case(value="20m", base=UPGRADING),
    "node.rules": Case(value="uniform-tie-breaking", base=RACING),
    "letters.delay": Case(value="2s"),
    "letters.interval": Case(value="3s"),
    "record.spreads": Case(value="quantiles"),
    "record.sample": Case(value=1, base=f'{WHOLE}[record]\ntxpool = "sample"\n'),
    "shadow.general": Case(value={"parallelism": 1}),
    "shadow.experimental": Case(value={"use_cpu_pinning": False}),
    "shadow.network": Case(value={"use_shortest_path": False}),
    "shadow.host_option_defaults": Case(value={"pcap_enabled": True}),
    "shadow.host_options": Case(value={"z": {"pcap_enabled": True}}),
    "participants.kind": Case(value="hodler", base=PLAIN),
    "participants.node": Case(value="z"),
    "participants.wallet": Case(value={"initial_balance": "10 XMR"}),
    "participants.actors": Case(value=[{"use": "hodler", "interval": "1m"}]),
    "participants.restarts": Case(value={"max_restarts": 1}, base=FAILING.rpartition("\nrestarts = ")[0]),
    "participants.settings": Case(value={"max_amount": "0.5 XMR"}),
    "node.binary": Case(value="monerod-0.18.4"),
    "node.flags": Case(value=["--log-level=2"]),
    "wallet.binary": Case(value="monero-wallet-rpc-0.18.4"),
    "wallet.flags": Case(value=["--log-level=2"]),
    "restarts.max_restarts": Case(value=1),
    "restarts.window": Case(value="30s"),
    **{f"topology {name}.latency": Case(value="70ms") for name in topology_names()},
    **{f"topology {name}.bandwidth": Case(value="100 kbit") for name in topology_names()},
    **{f"topology {name}.bandwidths": Case(value={"100 kbit": 1, "1 Mbit": 1}) for name in topology_names()},
    **{f"topology {name}.latencies": Case(value={"70ms": 1, "90ms": 1}) for name in topology_names()},
    **{f"topology {name}.losses": Case(value={"0.3": 1, "0.4": 1}) for name in topology_names()},
    "topology file.file": Case(value="graph.gml"),
    "topology regional.regions": Case(value={"oceania": 1}),
    "topology random-regular.degree": Case(value=2),
    "topology scale-free.links": Case(value=1),
    "topology small-world.neighbours": Case(value=4),
    "topology small-world.rewired": Case(value=1.0),
    "network.peers": Case(value="explicit"),
    "network.peers_file": Case(base=f'{WHOLE}[network]\npeers = "file"\npeers_file = "peers"\n', value="others"),
    "network.unreachable": Case(value=1.0),
    "network.hidden": Case(value=1.0),
    "node.reach": Case(value="unreachable"),
    "node.peers": Case(
        base=WHOLE.replace(
            "[participants.who]", '[network]\npeers = "explicit"\n[participants.who]\nnode = { peers = ["z"] }'
        ),
        value=["y"],
    ),
    "node.subnets": Case(value=["5.6.0.0/16"]),
    "network.places": Case(value={"who": {"latency": "30ms"}}),
    "timeline.do": Case(value="stop"),
    "timeline.who": Case(value="who-002"),
    "timeline.actor": Case(base=PLAIN + 'actors = [{ use = "hodler", interval = "1m" }]\n' + TIMELINE, value="hodler"),
    "timeline.arguments": Case(base=PLAIN + TIMELINE.replace("pause", "send-now"), value={"to": "who-002"}),
    "network.turnover": Case(value={"share": 1.0, "session": "2m", "downtime": "1m"}),
    "mining-pool.hashrate": Case(value=140),
    "selfish-miner.hand_to": Case(value=["others"]),
    "eclipse.victim": Case(value="y"),
    "flooder.priority": Case(value=3),
    "partitioner.side": Case(value=["z"]),
    "branch-double-spender.victims": Case(value=["z"]),
    "branch-double-spender.give_up": Case(value=1, base=IN_BRANCH.replace("300", "30")),
    "payee.check_interval": Case(base=PAYEE.replace("confirmations = 1", "confirmations = 0")),
    "pool-double-spender.victims": Case(value=["z"]),
    "pool-double-spender.rival_at": Case(value=["z"]),
    "block-controller.timeout": Case(base=DEAF),
    "block-controller.solo_miner_threshold": Case(value=0),
    "churner.priority": Case(base=HASTY.replace("KIND", "churner") + 'method = "sweep"\n', value=3),
    "churner.share": Case(value=0.1),
    "mining-wallet.sweep_to": Case(value="y"),
    "mining-wallet.sweep_threshold": Case(value="500 XMR"),
    "mining-wallet.priority": Case(value=3),
    "mining-wallet.confirmations": Case(value=20),
    "marketplace.min_price": Case(value="0.9 XMR"),
    "marketplace.order_address": Case(value="integrated"),
    "marketplace.max_price": Case(value="0.2 XMR"),
    "observer.observe": Case(value=["tips"]),
    "orchestrator.collect": Case(value=["payment-sent"]),
    "orchestrator.history": Case(value=2),
    "orchestrator.end_when_gone": Case(value=["user"], base=ENDING),
    "exchange.priority": Case(value=3),
    "exchange.confirmations": Case(value=9),
    "exchange.until": Case(value="5m"),
    "exchange.deposit_confirmations": Case(value=9),
    "exchange.least_deposit": Case(value="2 XMR"),
    "trader.exchange": Case(value="y"),
    "trader.priority": Case(value=3),
    "trader.confirmations": Case(value=9),
    "trader.on_locked_funds": Case(base=TRADER.replace("outputs = 3", "outputs = 1")),
    "pool-payout.priority": Case(value=3),
    "pool-payout.confirmations": Case(value=9),
    "pool-payout.miners": Case(value=["worker-001"]),
    "pool-payout.least_payout": Case(value="100 XMR"),
    **{f"{kind}.at": Case(value=["3m"]) for kind in PROBES},
    **{f"{kind}.on": Case(value=["new-block"]) for kind in PROBES},
    **{f"{kind}.who": Case(value=["user"]) for kind in PROBES},
    "consensus-probe.lag": Case(base=probed("consensus-probe", SPLIT), value=720),
    "connectivity-probe.least_connections": Case(value=100),
    "connectivity-probe.most_connections": Case(value=0),
    "performance-probe.block_delay": Case(value="1ms"),
    "performance-probe.block_wait": Case(value=1),
    "performance-probe.pool": Case(base=probed("performance-probe", STILL), value=0),
    "performance-probe.fill": Case(value=0.0),
    "performance-probe.blocks": Case(value=1),
    "transactions-probe.wait": Case(base=probed("transactions-probe", STILL), value=1),
    "crowd.recipients": Case(value="users"),
    "crowd.transaction_frequency": Case(value=0.5),
    "crowd.transaction_interval": Case(base=with_one("crowd", RARE_CROWD)),
    "crowd.amount_tail": Case(value=1.5),
    "crowd.interval_sigma": Case(value=1.5, base=with_one("crowd", RARE_CROWD + '\ntransaction_interval = "1m"')),
    "crowd.hourly_weights": Case(value=[1.0] + [0.0] * 23),
    "crowd.priority": Case(value=3),
    "crowd.outputs": Case(value=3),
    "crowd.nodes": Case(value=["y", "z"]),
    "regular-user.recipients": Case(value="users"),
    "regular-user.transaction_frequency": Case(value=0.5),
    "regular-user.on_locked_funds": Case(base=WHOLE.replace("outputs = 3", "outputs = 1")),
    "transaction-bot.on_locked_funds": Case(base=HASTY.replace("KIND", "transaction-bot")),
    "regular-user.priority": Case(value=3),
    "regular-user.transaction_interval": Case(base=PLAIN),
    "regular-user.amount_tail": Case(value=1.5),
    "regular-user.interval_sigma": Case(value=1.5, base=PLAIN + 'transaction_interval = "1m"\n'),
    "regular-user.hourly_weights": Case(value=[1.0] + [0.0] * 23),
    "regular-user.on_expired_invoice": Case(base=LATE),
    "regular-user.underpay_probability": Case(base=ORDERS, value=1.0),
    "regular-user.double_pay_probability": Case(base=ORDERS, value=1.0),
    "transaction-bot.priority": Case(value=3),
    "transaction-bot.recipients": Case(value=["market"]),
}

ELSEWHERE = {
    **{f"sweep.{key}": "what monerosim sweep varies (tests/ensemble)" for key in SweepTable.__struct_fields__},
    **{f"alerts.{key}": "tells of alerts (tests/alerts)" for key in ("webhook", "command", "fail_run")},
    "alerts.blocks": "of a node that is behind, which takes one that is down (tests/alerts)",
    "simulation.name": "names the run directory (tests/cli)",
    "simulation.engine": "this test is about engines",
    "simulation.strict": "makes warnings errors (tests/scenario/test_load.py)",
    "network.seed_nodes": "of discovered peers, which the model has alone (tests/engines/test_discovered.py)",
    "performance-probe.answer": "the model answers at once (tests/actors/probes)",
    "churner.on_locked_funds": "it looks at its unlocked coins first: another has to spend them in between",
    **{f"funder.{key}": "a scenario's funder is added by itself" for key in FundingConfig.__struct_fields__},
}
"""Keys whose effect is in no run, and where it is."""


class Played:
    """What a scenario comes to on an engine, as one digest; each is worked out once."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._known: dict[tuple[str, str, tuple[str, ...]], str] = {}
        for file in (fragile.__file__, Path(__file__).with_name("witness.py")):
            shutil.copy(file, home)
        shutil.copy(Path(fragile.__file__).with_name("graph.gml"), home)
        (home / "peers").write_text("z y\nwho-001 z\n")
        (home / "others").write_text("z y\nwho-001 y\n")
        (home / "bare.edges").write_text("a b\nb c\n")

    def examine(self, engine: str, text: str, *changes: str) -> Examination:
        changes = (f"simulation.engine={engine}", *changes)
        return examine(text.encode(), changes=changes, files=PluginFiles(self._home))

    def digest(self, engine: str, text: str, *changes: str) -> str:
        known = (engine, text, changes)
        if known not in self._known:
            examination = self.examine(engine, text, *changes)
            assert not examination.errors, examination.errors
            plan = compile_plan(examination)
            if "topology = {" in text:
                # What comes of a topology's keys is its graph; that the graph is heeded, the keys of [network] show.
                parts = iter([b"" if engine == "local" else msgspec.json.encode(plan.topology)])
            elif engine == "embedded":
                directory = self._home / f"run-{len(self._known)}"
                write_run_directory(plan, b"", directory, plugins=examination.files.sources)
                parts = _left(directory)
            else:
                parts = _asked(engine, plan)
            self._known[known] = sha256(b"\0".join(parts)).hexdigest()
        return self._known[known]


def _left(directory: Path) -> Iterator[bytes]:
    """Read all that a run leaves, of which the agents and the report are made."""
    play(directory)
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.relative_to(directory).parts[0] in {"events.jsonl", "hosts", "shared"}:
            yield path.relative_to(directory).as_posix().encode()
            # A failure's trace names the file that failed.
            yield path.read_bytes().replace(bytes(directory), b"")
    shutil.rmtree(directory)


READ = (
    "alerts",
    "engine",
    "bootstrap",
    "consensus",
    "duration",
    "hosts",
    "letters",
    "record",
    "registrar",
    "seed",
    "stop",
)
READ += ("time_zero", "alerts")
"""What agents and the engine read of a plan where daemons are real; local's agents watch for letters."""

UNREAD = {
    "topology",
    "discovery",
    "relay",
    "shadow",
    "version",
    "events_version",
    "monerosim",
    "parameters",
    "name",
    "binaries",
    "plugins",
}
"""What they do not read, or as a file of Shadow's."""


def _asked(engine: str, plan: Plan) -> Iterator[bytes]:
    """What an engine with real programs reads: its files, command lines, and the configurations of actors."""
    hosts = [
        msgspec.structs.replace(
            host,
            # What the daemons are started with is in their command lines.
            node=host.node
            and msgspec.structs.replace(
                host.node, ready_after=0, flags=(), binary="", rate_limit=None, version="", reach="reachable"
            ),
            wallets=tuple(msgspec.structs.replace(it, flags=(), binary="", ready_after=0) for it in host.wallets),
            restarts={key: it for key, it in host.restarts.items() if engine == "local" or "timeout" not in key},
        )
        for host in plan.hosts
    ]
    plan = msgspec.structs.replace(plan, hosts=tuple(hosts))
    unread = ("letters",) if engine == "local" else ()
    yield msgspec.json.encode({name: getattr(plan, name) for name in READ if name not in unread})
    if engine == "shadow":
        yield shadow_yaml(plan, Path("/run")).encode()
        yield to_gml(plan.topology).encode()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return Played(tmp_path_factory.mktemp("heeded"))


PLACES = {
    "participants": "participants.who",
    "node": "participants.who.node",
    "upgrade": "participants.who.node.upgrade",
    "wallet": "participants.who.wallet",
    "restarts": "participants.who.restarts",
    "timeline": "timeline[0]",
    "alerts": "alerts[0]",
}


def _tables() -> Iterator[tuple[str, str, type[msgspec.Struct]]]:
    """List all tables: how the test calls each, its path in a scenario, and its structure."""
    for field in msgspec.structs.fields(Scenario):
        if (table := structure(field.type)) is not None:
            yield field.encode_name, field.encode_name, table
    inner: dict[str, type[msgspec.Struct]] = {
        "participants": Participant,
        "node": Node,
        "upgrade": Upgrade,
        "wallet": Wallet,
        "restarts": Restarts,
        "timeline": TimelineEntry,
        "alerts": Alert,
    }
    for name, table in inner.items():
        yield name, PLACES[name], table
    for name in topology_names():
        yield f"topology {name}", "network.topology", load_topology(name)
    for name, behaviour in behaviours().items():
        if not names_file(name):
            yield name, "participants.who", behaviour.Config


def _other(field: msgspec.structs.FieldInfo) -> object:
    """Make up a value other than the default."""
    kind, _ = strip_notes(field.type)
    default = field_default(field)
    known = [it for it in choices(field.type) if it != default]
    if known:
        return known[0]
    if kind is Duration:
        return f"{(default if isinstance(default, Duration) else Duration(30_000_000)).seconds * 2 + 1}s"
    if kind is Amount:
        return 0.5
    if kind is bool:
        return not default
    if kind is int:
        return default + 1 if isinstance(default, int) else 2
    if kind is float:
        return default / 2 + 0.05 if isinstance(default, float) else 50.0
    raise AssertionError(f"{field.encode_name}: write a case with a value")


KEYS = {
    key: (f"{place}.{field.encode_name}", field)
    for name, place, table in _tables()
    for field in msgspec.structs.fields(table)
    if (key := f"{name}.{field.encode_name}") not in ELSEWHERE
}


def _table(key: str) -> str:
    return key.partition(".")[0]


# What the actors of real daemons are told is in the plan that their agents read, whatever it is.
ASKED = [
    (key, engine)
    for key in KEYS
    for engine in ENGINES
    if engine == "embedded" or key.partition(".")[0] not in behaviours()
]


def test_every_part_of_a_plan_is_known_to_be_read() -> None:
    assert {*READ, *UNREAD} == set(Plan.__struct_fields__)


@pytest.mark.parametrize(("key", "engine"), ASKED)
def test_a_key_changes_the_run_or_is_named(key: str, engine: str, played: Played) -> None:
    path, field = KEYS[key]
    case = CASES.get(key) or Case()
    base = case.base or BASES.get(_table(key), WHOLE)
    value = _other(field) if case.value is None else case.value
    change = f"{path}={write_value(value)}"
    before, after = (played.examine(engine, base, *more) for more in ((), (change,)))
    assert not before.errors
    if after.errors:
        # Refused by name on this engine alone; a value that no engine takes would test nothing.
        assert not played.examine("embedded", base, change).errors
        assert all(_is_about(problem.place, path) for problem in after.errors)
        return
    named = [problem for problem in after.problems if HEED in problem.message and _is_about(problem.place, path)]
    changed = played.digest(engine, base) != played.digest(engine, base, change)
    assert changed or named, f"{key} = {value!r} is dropped in silence on {engine}"
    assert not (changed and named), f"{key} = {value!r} is heeded on {engine}, and yet: {named}"


def _is_about(place: str, path: str) -> bool:
    return path == place or path.startswith(f"{place}.") or place.startswith(f"--set {path}=")


FLAGS = {
    "--offline": "--offline",
    "--hide-my-port": "--hide-my-port",
    "--in-peers": "--in-peers=0",
    "--out-peers": "--out-peers=1",
    "--limit-rate": "--limit-rate=1",
    "--limit-rate-down": "--limit-rate-down=1",
    "--limit-rate-up": "--limit-rate-up=1",
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("flag", HARMLESS[NODE])
def test_a_flag_changes_the_run_or_is_named(flag: str, engine: str, played: Played) -> None:
    assert FLAGS.keys() == MODELLED
    change = f"participants.who.node.flags=['{FLAGS.get(flag, flag)}']"
    base = WHOLE.replace("count = 3", "count = 3\nnode = {}")
    named = [it for it in played.examine(engine, base, change).problems if HEED in it.message]
    assert all(flag in it.message for it in named)
    changed = played.digest(engine, base) != played.digest(engine, base, change)
    assert changed is not bool(named)
