"""Whole scenarios, composed freely: who takes part, what they are made of, and what they are told to do.

Keys, types and bounds are read from the tables and the behaviours that are installed, so a new key or behaviour is
covered without a change here. What is written here is what makes runs of it that show something in little time.
"""

from collections.abc import Callable, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.commands import COMMON_COMMANDS, SET, settable
from monerosim.agent.registry import actor_name, behaviour_names, load_behaviour
from monerosim.config import fields_of
from monerosim.events import BlockFound, PaymentSent
from monerosim.plan.restarts import Restarts
from monerosim.plan.roles import BLOCK_CONTROLLER, FUNDER, MINER, SCRIPT
from monerosim.plugins import PluginFiles
from monerosim.rules import load_rule, rule_names
from monerosim.runtime.rng import Rng, stable_seed
from monerosim.scenario.load import examine
from monerosim.scenario.tables import (
    ChainStart,
    Consensus,
    Node,
    Scenario,
    Simulation,
    SweepTable,
    Wallet,
)
from monerosim.scenario.toml import write_toml
from monerosim.swarm import fragile
from monerosim.swarm.alerts import draw_alerts
from monerosim.swarm.changes import draw_changes
from monerosim.swarm.fragile import Fragile
from monerosim.swarm.networks import TEXTS as NETWORK_TEXTS
from monerosim.swarm.networks import NetworkMaker
from monerosim.swarm.values import Values, Vocabulary, amount, choices, duration, logarithmic, structure
from monerosim.units import SECOND, XMR, format_duration

FRAGILE = "./fragile.py:Fragile"
"""The actor that fails on purpose."""

MARKETPLACE = "marketplace"
"""The role of those who are ordered from."""

CROWD = "crowd"
"""The role of those who are many."""

CHECKPOINTS = "checkpoints"
"""The rule that needs a participant with a node."""

_SHARE = 0.5
"""Of the optional keys, those that are drawn."""

_UNHEEDED = {"node": ("binary", "flags"), "wallet": ("binary", "flags"), "restarts": ("timeout", "start_timeout")}
"""Keys of programs, of which the embedded engine starts none: check warns of them."""

_POOLS = ("pool_lifetime", "pool_weight", "stems_in_blocks")
_BASE_WEIGHT = 12
"""Of a behaviour without settings."""

_WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
_FLAGS: tuple[list[str], ...] = ([], ["--log-level=1"], ["--log-level=1", "--max-log-files=2"])


def _flags(rng: Rng) -> object:
    return list(rng.choice(_FLAGS))


TEXTS: Mapping[str, Callable[[Rng], object]] = {
    **NETWORK_TEXTS,
    "flags": _flags,
    "monerod_flags": _flags,
    "wallet_flags": _flags,
    "binary": lambda rng: rng.choice(["monerod", "monerod-0.18.4"]),
    "version": lambda rng: rng.choice(["0.18.0.0", "0.18.1.2", "0.18.2.0", "0.18.4.3"]),
    "host_options": lambda _: {},
    "on": lambda rng: rng.choice([["new-block"], ["reorganised", "payment-sent"], ["block-found"]]),
    "window": lambda rng: duration(rng, 60 * SECOND, 900 * SECOND),
    "timeout": lambda rng: duration(rng, 2 * SECOND, 300 * SECOND),
    "hashrate": lambda rng: rng.choice([100, 50, 25.5, round(logarithmic(rng, 1, 200), 3)]),
    # Half of them ten times as often in the first hour, which is all that most runs have.
    "hourly_weights": lambda rng: rng.choice([[1.0] * 24, [10.0, *[1.0] * 22, 0.0]]),
    "max_restarts": lambda rng: rng.integer(3, 6),
}
"""How to draw the values of keys whose type says too little, or too much for a short run."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A behaviour that a participant gets."""

    use: str
    behaviour: type[Behaviour]


class Group(msgspec.Struct, kw_only=True):
    """A participant or a group while the scenario is made up."""

    name: str
    parts: list[Part]
    count: int = 1

    def needs(self, what: str) -> bool:
        """Return whether one of its behaviours needs a node or a wallet."""
        return any(what in part.behaviour.needs for part in self.parts)

    @property
    def controls(self) -> bool:
        """Return whether it is a block controller, which may have no node."""
        return self.parts[0].behaviour.role == BLOCK_CONTROLLER

    def does(self, event: type) -> bool:
        """Return whether one of its behaviours records such events."""
        return any(event in part.behaviour.emits for part in self.parts)


def behaviours() -> dict[str, type[Behaviour]]:
    """List the behaviours that scenarios are made of, by name: what is installed, and the one that fails."""
    loaded = {name: load_behaviour(name) for name in behaviour_names()}
    # A scenario with a funder of its own is refused, and one with a script where no programs are started.
    return {**{name: it for name, it in loaded.items() if it.role not in {FUNDER, SCRIPT}}, FRAGILE: Fragile}


def _weight(behaviour: type[Behaviour]) -> int:
    """Return how much more often than others a behaviour is drawn: it has more keys, and values of these, to reach."""
    fields = fields_of(behaviour.Config)
    aims = sum(1 + len(list(choices(field.type))) for field in fields)
    return _BASE_WEIGHT + aims * aims // 5


def make_scenario(rng: Rng, turn: int = 0) -> dict[str, Any]:
    """Make up a scenario's document.

    Args:
        rng: Where random numbers come from.
        turn: Its number: each pair of behaviours takes part in turn.
    """
    return _Maker(rng, turn).document()


def _be_strict(document: dict[str, Any]) -> None:
    """Leave out what the engine does not heed, and have warnings refused if there are none left."""
    for key in ("binaries", "shadow"):
        document.pop(key, None)
    document["simulation"].pop("engine", None)
    for key in ("latency", "bandwidth", "loss") if isinstance(document["network"].get("topology"), dict) else ():
        document["network"].pop(key, None)
    for participant in document["participants"].values():
        for table, keys in _UNHEEDED.items():
            if isinstance(participant.get(table), dict):
                participant[table] = {key: it for key, it in participant[table].items() if key not in keys}
        if isinstance(participant.get("node"), dict):
            participant["node"].get("upgrade", {}).pop("binary", None)
    try:
        warned = examine(write_toml(document).encode(), files=PluginFiles(Path(fragile.__file__).parent)).problems
    except Exception:  # noqa: BLE001  (an error, or a fault of the check: both show where the scenario is tried)
        return
    if not warned:
        document["simulation"]["strict"] = True


class _Maker:
    def __init__(self, rng: Rng, turn: int) -> None:
        self._rng = rng
        self._turn = turn
        mood = rng.random()
        self._forks = mood < 0.2  # noqa: PLR2004  (blocks come about as quickly as they spread)
        # More is paid than blocks hold; where blocks fork besides, many of them differ in payments.
        self._crowded = 0.08 <= mood < 0.6  # noqa: PLR2004
        # All have a node and are alone, so that who dials whom can be listed.
        self._listed = rng.random() < 0.15  # noqa: PLR2004
        most = 900 if self._forks or self._crowded else 1800
        self._duration = round(logarithmic(rng, 180, most)) * SECOND
        self._known = behaviours()
        self._modelled = True
        self._groups: list[Group] = []

    def _often(self, probability: float) -> bool:
        return self._rng.random() < probability

    def document(self) -> dict[str, Any]:
        """Put the scenario together."""
        self._gather()
        names = [group.name for group in self._groups]
        members = [f"{group.name}-001" for group in self._groups if group.count > 1]
        words = Vocabulary(
            names=[*(group.name for group in self._groups if group.count == 1), *members] or names,
            duration=self._duration,
            texts=TEXTS,
        )
        values = Values(self._rng, words, _SHARE)
        simulation = self._simulation(values)
        network = NetworkMaker(self._rng, values, self._turn, forks=self._forks)
        document: dict[str, Any] = {
            "simulation": simulation,
            "network": network.network([group.name for group in self._groups]),
            "consensus": self._consensus(values, simulation.get("engine", "embedded")),
        }
        self._modelled = simulation.get("engine", "embedded") == "embedded"
        if self._modelled and self._often(0.4):
            document["rules"] = self._rules_table(values)
        for key in ("binaries", "letters", "record", "shadow"):
            if self._often(0.6 if key == "record" else 0.25):
                found = (structure(field.type) for field in fields_of(Scenario) if field.encode_name == key)
                document[key] = values.table(next(it for it in found if it is not None), share=0.7)
        if self._often(0.25):
            document["sweep"] = self._sweep(values)
        document["participants"] = {group.name: self._participant(group, values) for group in self._groups}
        if self._listed:
            document["network"] |= network.listed_peers(document["participants"])
        elif self._often(0.4):
            document["network"] |= network.peers(document["participants"], modelled=self._modelled)
        if self._modelled and self._often(0.2):
            document["network"]["turnover"] = network.turnover(document["participants"], self._duration)
        timeline = self._timeline(values, document["participants"])
        if timeline:
            document["timeline"] = timeline
        document |= draw_alerts(self._rng, self._duration, [group.name for group in self._groups])
        if self._often(0.3):
            _be_strict(document)
        return document

    def _timeline(self, values: Values, participants: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Draw what participants are told to do, and what changes."""
        entries: list[dict[str, Any]] = []
        if self._often(0.6):
            entries += [self._entry(values) for _ in range(self._rng.integer(1, 9))]
        if self._often(0.7 if self._forks else 0.2):
            entries += self._race(participants)
        if self._modelled and self._often(0.35):
            entries += self._changes(participants)
        return entries

    def _changes(self, participants: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Have the network change in the course of the run."""
        nodes = [name for name, table in participants.items() if isinstance(table.get("node"), dict)]
        wallets = [name for name, table in participants.items() if "wallet" in table]
        return draw_changes(self._rng, self._duration, nodes, wallets, list(participants))

    def _race(self, participants: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Have a miner find two blocks, and another one of its own before it hears of them, which is reorganised.

        Mostly at the run's end, so that there is no time to mine again what that block held.
        """
        racers = {
            f"{group.name}-00{number}" if group.count > 1 else group.name: group.name
            for group in self._groups
            for number in range(1, group.count + 1)
            if any("mine-now" in part.behaviour.commands and part.behaviour.autonomous for part in group.parts)
        }
        if len(racers) < 2:  # noqa: PLR2004  (two of them race)
            return []
        # Of who loses, others use the node: their payments are in what is reorganised.
        used = [it.get("node") for it in participants.values()]
        loser = self._rng.choice([name for name in racers if racers[name] in used] or list(racers))
        winner = self._rng.choice([name for name in racers if name != loser])
        end = self._duration // SECOND
        first = end - (self._rng.integer(5, 20) if self._often(0.8) else self._rng.integer(5, end))
        moments = ((first, winner), (first, winner), (first + self._rng.integer(0, 3), loser))
        return [{"at": format_duration(at * SECOND), "do": "mine-now", "who": who} for at, who in moments]

    def _gather(self) -> None:
        """Choose who takes part, and see to it that somebody finds blocks."""
        rng, names = self._rng, sorted(self._known)
        weights = [_weight(self._known[name]) for name in names]
        # In no order of names: few seeds in a row have many kinds, too.
        pairs = sorted(combinations(names, 2), key=lambda pair: stable_seed(*pair))
        wanted = [*pairs[self._turn % len(pairs)], *(rng.weighted(names, weights) for _ in range(rng.integer(2, 4)))]
        if FRAGILE in wanted and self._often(0.5):
            wanted.append(FRAGILE)
        if self._forks:
            autonomous = [name for name in names if self._known[name].autonomous]
            wanted += [rng.choice(autonomous)] * 3 if autonomous else []
        if self._crowded:
            wanted += [name for name in names if "send-now" in self._known[name].commands]
            wanted += self._of_role(MARKETPLACE)
        roles = [self._known[name].role for name in wanted]
        finders = [
            name
            for name in wanted
            if BlockFound in self._known[name].emits and self._known[name].role != BLOCK_CONTROLLER
        ]
        if not finders and self._often(0.95):
            wanted.append(rng.choice(self._of_role(MINER)))
        pools = [name for name in wanted if self._known[name].role == MINER and not self._known[name].autonomous]
        if pools and BLOCK_CONTROLLER not in roles and self._often(0.95):
            wanted.append(rng.choice(self._of_role(BLOCK_CONTROLLER)))
        controlled = False
        for use in wanted:
            behaviour = self._known[use]
            if behaviour.role == BLOCK_CONTROLLER:
                if controlled:
                    continue
                controlled = True
            self._place(Part(use=use, behaviour=behaviour))

    def _of_role(self, role: str) -> list[str]:
        return [name for name in sorted(self._known) if self._known[name].role == role]

    def _place(self, part: Part) -> None:
        """Give a behaviour a participant of its own, or put it beside another's."""
        role = part.behaviour.role
        hosts = [it for it in self._groups if not role or all(role != other.behaviour.role for other in it.parts)]
        alone = role == BLOCK_CONTROLLER or any(
            other.behaviour.role == BLOCK_CONTROLLER for it in hosts for other in it.parts
        )
        if hosts and not alone and self._often(0.25):
            self._rng.choice(hosts).parts.append(part)
            return
        group = Group(
            name=f"{_WORDS[len(self._groups) % len(_WORDS)]}{len(self._groups) // len(_WORDS) or ''}", parts=[part]
        )
        if role != BLOCK_CONTROLLER and not self._listed and self._often(0.4):
            group.count = self._rng.integer(2, 4)
        if self._crowded and self._hurries(group) and not self._listed:
            group.count = 3
        self._groups.append(group)

    def _simulation(self, values: Values) -> dict[str, Any]:
        rng = self._rng
        table: dict[str, Any] = {
            "name": "swarm",
            "duration": format_duration(self._duration),
            "seed": rng.integer(0, 999),
        }
        starts = ("node_start", "wallet_start", "agent_start", "controller_start")
        drawn: dict[str, Callable[[], object]] = {
            **dict.fromkeys(starts, lambda: duration(rng, 0, 150 * SECOND)),
            "bootstrap": lambda: rng.choice(["2h", "3h 30m", 7200]),
            "bootstrap_block_interval": lambda: duration(rng, SECOND, 5 * SECOND),
            "cooldown": lambda: duration(rng, 0, 300 * SECOND),
            "strict": lambda: False,
        }
        table |= {key: draw() for key, draw in drawn.items() if self._often(0.2)}
        if self._often(0.2):
            table["engine"] = "embedded" if self._often(0.8) else rng.choice(["local", "shadow"])
        return {**table, **values.table(Simulation, leave=sorted({*table, *drawn, "engine"}))}

    def _consensus(self, values: Values, engine: str) -> dict[str, Any]:
        table = values.table(Consensus, leave=["block_time", "difficulty", "start", *_POOLS])
        if engine == "embedded" and self._often(0.1):
            table["pool_lifetime"] = duration(self._rng, self._duration // 20, self._duration)
        if engine == "embedded" and self._often(0.2):
            table["stems_in_blocks"] = self._often(0.4)
        if self._often(0.1):
            table["pool_weight"] = self._rng.integer(5_000, 200_000)
        dynamic = engine == "embedded" and self._often(0.2)
        if dynamic or self._often(0.3):
            table["difficulty"] = "dynamic" if dynamic else self._rng.integer(1, 16)
        if engine == "embedded" and self._often(0.3):
            table["start"] = self._start(values, dynamic=dynamic)
        low, high = max(5 * SECOND, self._duration // 60), max(10 * SECOND, self._duration // 6)
        if self._forks:
            low, high = 4 * SECOND, 10 * SECOND
        elif self._crowded:
            low, high = self._duration // 5, self._duration // 3
        pace = duration(self._rng, low, high)
        return {"block_time": f"{self._rng.integer(low, high) // SECOND}s" if dynamic else pace, **table}

    def _rules_table(self, values: Values) -> dict[str, Any]:
        table: dict[str, Any] = {"use": self._rules(values)} if self._often(0.8) else {}
        if self._often(0.4):
            # Blocks of the bootstrap count: most runs pass heights below two hundred.
            heights = {self._rng.integer(2, 200) for _ in range(self._rng.integer(1, 2))}
            table["hard_forks"] = [
                {"height": height, "since": TEXTS["version"](self._rng), "use": self._rules(values)}
                for height in sorted(heights)
            ]
        return table

    def _rules(self, values: Values) -> object:
        """Draw what nodes go by: a rule, and checkpoints beside it, since two rules may not go together."""
        with_node = [it.name for it in self._groups if it.count == 1 and it.does(BlockFound) and not it.controls]
        known = [name for name in rule_names() if with_node or name != CHECKPOINTS]
        names = [self._rng.choice(known)]
        if with_node and CHECKPOINTS not in names and self._often(0.3):
            names.append(CHECKPOINTS)
        drawn: list[object] = []
        for name in names:
            table = values.table(load_rule(name))
            if name == CHECKPOINTS:
                table["authority"] = self._rng.choice(with_node)
            drawn.append({"kind": name, **table} if table else name)
        return drawn[0] if len(drawn) == 1 and self._often(0.7) else drawn

    def _sweep(self, values: Values) -> dict[str, Any]:
        """Draw what a sweep would vary; a run has nothing of it."""
        rng = self._rng
        table = values.table(SweepTable, leave=["seeds", "vary", "sample", "points", "measures", "until"])
        drawn: dict[str, Callable[[], object]] = {
            "seeds": lambda: rng.choice(["1..3", "4", "1,2,7"]),
            "measures": lambda: ["payments.confirmed"],
            "until": lambda: "payments.confirmed +- 2 %",
        }
        table |= {key: draw() for key, draw in drawn.items() if self._often(0.4)}
        if not table.get("zip") and self._often(0.6):
            return {**table, "sample": {"network.loss": "0..0.5"}, "points": rng.integer(1, 5)}
        return {**table, "vary": {"network.latency": ["50ms", "1s"]}} if self._often(0.7) else table

    def _start(self, values: Values, *, dynamic: bool) -> object:
        """Draw where the chain begins; what is there is enough for all initial balances."""
        rng = self._rng
        if self._often(0.5):
            return rng.choice(["genesis", "tail"])
        drawn: dict[str, Callable[[], object]] = {
            "supply": lambda: amount(rng, 10**6 * XMR, 18 * 10**6 * XMR),
            "long_term_median": lambda: round(logarithmic(rng, 1000, 3_000_000)),
            "short_term_median": lambda: round(logarithmic(rng, 1000, 3_000_000)),
        }
        table = {key: draw() for key, draw in drawn.items() if self._often(0.5)}
        left = [*drawn, *(() if dynamic else ("difficulty",))]
        return {**table, **values.table(ChainStart, leave=left)}

    def _participant(self, group: Group, values: Values) -> dict[str, Any]:
        first, *others = group.parts
        table: dict[str, Any] = {}
        short = self._often(0.6)
        if short:
            table["kind"] = first.use
            settings = self._settings(first, values)
            table |= {"settings": settings} if settings and self._often(0.1) else settings
        listed = others if short else group.parts
        if listed:
            table["actors"] = [{"use": part.use, **self._settings(part, values)} for part in listed]
        if group.count > 1 or self._often(0.1):
            table["count"] = group.count
        if self._often(0.3):
            table["start"] = duration(self._rng, 0, self._duration // 2)
        if group.count > 1 and self._often(0.4):
            table["stagger"] = duration(self._rng, 0, self._duration // 10)
        if self._often(0.2):
            table["restarts"] = values.table(Restarts)
        wallet = group.needs("wallet") or (short and first.behaviour.default_wallet)
        if group.needs("node") or wallet or self._listed:
            table |= self._node(group, values, short=short)
        if wallet:
            table["wallet"] = self._wallet(group, values)
        return table

    def _hurries(self, group: Group) -> bool:
        """Return whether a group is one of those that pay more than blocks hold."""
        return any("send-now" in part.behaviour.commands for part in group.parts)

    def _settings(self, part: Part, values: Values) -> dict[str, Any]:
        if self._crowded and "send-now" in part.behaviour.commands:
            pace = {"transaction_interval": "2s", "destinations": 12, "min_amount": "0.01 XMR", "max_amount": 0.02}
            if self._often(0.3):
                pace["recipients"] = self._rng.choice(["users", "any"])
            if set(pace) <= set(part.behaviour.Config.__struct_encode_fields__):
                return pace
        settings = values.table(part.behaviour.Config, share=0.9 if part.use == FRAGILE else 0.6)
        if part.behaviour.role == CROWD and "nodes" in settings:
            # Of these alone it is sure that they have a node.
            owners = [it.name for it in self._groups if it.does(BlockFound) and not it.controls]
            settings["nodes"] = owners[: self._rng.integer(1, 2)]
        if part.use == FRAGILE and self._often(0.6):
            # Letters that are counted: of all groups, who may fail meanwhile.
            listeners = [it.name for it in self._groups if it.count == 1 and any(it.use == FRAGILE for it in it.parts)]
            settings |= {"to": self._rng.choice(listeners), "letters": "numbered"} if listeners else {}
        return settings

    def _node(self, group: Group, values: Values, *, short: bool) -> dict[str, Any]:
        own = short and group.parts[0].behaviour.default_node
        others = [it for it in self._groups if it is not group and not it.controls]
        owners = [it.name for it in others if it.does(BlockFound)]
        share = 0.7 if self._forks and self._crowded else 0.2
        if owners and not self._listed and not group.does(BlockFound) and self._often(share):
            return {"node": self._rng.choice(owners)}
        if own and not self._listed and self._often(0.6):
            return {}
        left = ["rules", "peers", "reach"] if self._modelled else ["rules", "peers", "reach", "upgrade"]
        node = values.table(Node, leave=left, share=0.2)
        return {"node": {**node, "rules": self._rules(values)} if self._modelled and self._often(0.1) else node}

    def _wallet(self, group: Group, values: Values) -> dict[str, Any]:
        wallet = values.table(Wallet, leave=["initial_balance", "outputs", "binary"], share=0.2)
        if self._often(0.05):
            wallet["binary"] = self._rng.choice(["monero-wallet-rpc", "monero-wallet-rpc-0.18.4"])
        if self._crowded and any(part.behaviour.role == MARKETPLACE for part in group.parts):
            wallet["addresses"] = 16
        if self._crowded and self._hurries(group):
            wallet |= {"initial_balance": "60 XMR", "outputs": 60}
        elif group.does(PaymentSent) and self._often(0.85):
            wallet["initial_balance"] = amount(self._rng, XMR, 30 * XMR)
            if self._often(0.5):
                wallet["outputs"] = self._rng.integer(1, 8)
        elif self._often(0.1):
            wallet["initial_balance"] = amount(self._rng)
        return wallet

    def _entry(self, values: Values) -> dict[str, Any]:
        group = self._rng.choice(self._groups)
        part = self._rng.choice(group.parts)
        own = sorted(part.behaviour.commands)
        fields = [it for it in fields_of(part.behaviour.Config) if it.encode_name in settable(part.behaviour)]
        common = [command for command in COMMON_COMMANDS if fields or command != SET]
        do = self._rng.choice(own if own and self._often(0.5) else common)
        who = f"{group.name}-001" if group.count > 1 and self._often(0.4) else group.name
        at = format_duration(self._rng.integer(0, self._duration // SECOND) * SECOND)
        entry: dict[str, Any] = {"at": at, "do": do, "who": who}
        if self._often(0.2) and len(group.parts) == 1:
            entry["actor"] = actor_name(part.use)
        if do == SET:
            chosen = [self._rng.choice(fields) for _ in range(self._rng.integer(1, 2))]
            arguments = {field.encode_name: values.field(field) for field in chosen}
            return entry | ({"arguments": arguments} if self._often(0.4) else arguments)
        if do in part.behaviour.commands:
            entry |= values.table(part.behaviour.commands[do], share=0.7)
        return entry
