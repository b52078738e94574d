"""An agent of the public monerosim as a participant."""

import re
from collections.abc import Iterable, Mapping

import msgspec

from monerosim.importers.arguments import read_arguments
from monerosim.importers.draft import COINS
from monerosim.importers.flags import put_flags
from monerosim.importers.programs import put_program
from monerosim.importers.public_ranges import Agents
from monerosim.importers.source import Item, leave_each
from monerosim.importers.table import Table
from monerosim.importers.values import amount, hashrate, microseconds, positive_duration, whole, within
from monerosim.scenario.convert import quote
from monerosim.units import format_amount, format_duration, parse_amount

MINER, USER, NODE, DISTRIBUTOR, OTHER = "miner", "user", "node", "distributor", "other"

MONITOR = "monitor"
"""Their own set of log categories."""

_SCRIPTS = {
    "autonomous_miner": MINER,
    "regular_user": USER,
    "miner_distributor": DISTRIBUTOR,
    "simulation_monitor": OTHER,
}
_TYPES = {"miner": MINER, "user": USER, "relay": NODE, "spy": NODE, "distributor": DISTRIBUTOR, "monitor": OTHER}
_LEFT = {
    MINER: "",
    DISTRIBUTOR: "the bootstrap pays the users, once and before time zero; nobody pays them later",
    OTHER: "no participant: `monerosim run` shows how a run goes on, `monerosim report` what became of it",
}
_NO_FUNDING = "initial balances are paid in the bootstrap"
_REASONS = {
    "wait_time": _NO_FUNDING,
    "can_receive_distributions": _NO_FUNDING,
    "initial_fund_amount": _NO_FUNDING,
    "subnet_group": "addresses are the engine's; where peers are discovered, node.subnets says in which ones",
    "daemon_env": "the engine sets the environment of its programs",
    "wallet_env": "the engine sets the environment of its programs",
}
_PHASE = re.compile(r"(daemon|wallet)_([0-9]+)(_args|_env|_start|_stop|_start_stagger|_stop_stagger)?")
_OUTPUTS, _OUTPUT = 2, "5"
_KEPT = (
    "as it is written, and each has a payment: their tool would raise what it thinks too fast for its machine, and has "
    "users skip one in four unless tx_send_probability is another"
)
_SMALLEST, _LARGEST = "0.1 XMR", "1 XMR"
_SERVICE = {"daemon": "node", "wallet": "wallet"}


class Funding(msgspec.Struct, frozen=True):
    """What the distributor pays each user at first."""

    items: Mapping[str, Item]
    reason: str

    @classmethod
    def of(cls, agents: Iterable[Item]) -> "Funding":
        """Find the distributor's settings among the agents."""
        item = next((item for item in agents if role_of(item) == DISTRIBUTOR), None)
        keys = ("md_out_per_tx", "md_output_amount")
        found = {key: value for key in keys if item is not None and (value := item.get(key)) is not None}
        return cls(found, COINS if item is None else "what their distributor pays at first")

    def leave(self) -> None:
        """Leave the settings out: there is nobody to be paid."""
        for item in self.items.values():
            item.leave("there are no users to be paid")

    def put(self, table: Table) -> None:
        """Give a user what the distributor would: two outputs of 5 XMR, if it says nothing else."""
        outputs = table.put(self.items.get("md_out_per_tx"), whole(1, 100), "wallet", "outputs")
        if outputs is None:
            outputs = _OUTPUTS
            table.add(outputs, "wallet", "outputs", reason=self.reason)

        def in_all(value: object) -> str:
            return format_amount(parse_amount(amount(value)) * outputs)

        if table.put(self.items.get("md_output_amount"), in_all, "wallet", "initial_balance") is None:
            table.add(in_all(_OUTPUT), "wallet", "initial_balance", reason=self.reason)


def role_of(item: Item) -> str:
    """Return what an agent is, by its script or type."""
    script, kind = item.get("script"), item.get("type")
    if script is not None and isinstance(script.value, str):
        name = script.value.removesuffix(".py").replace("/", ".").rpartition(".")[2]
        if name in _SCRIPTS:
            return _SCRIPTS[name]
    if kind is not None and isinstance(kind.value, str) and kind.value in _TYPES:
        return _TYPES[kind.value]
    keys = item.value if isinstance(item.value, Mapping) else {}
    return NODE if {"daemon", "daemon_0", "wallet", "wallet_0"} & set(keys) else OTHER


def fill(table: Table, agents: Agents, index: int, role: str, funding: Funding) -> Table | None:
    """Fill a participant's table from one of a range of agents; None if it is no participant.

    Args:
        table: The table.
        agents: The range.
        index: Which of the range it is.
        role: What it is.
        funding: What users are paid.
    """
    item = agents.item
    if role in (DISTRIBUTOR, OTHER):
        for key, value in item.items():
            if key not in funding.items or role == OTHER:
                value.leave(_LEFT[role])
        if not item.items():
            item.leave(_LEFT[role])
        return None
    values = {key: agents.each(key)[index] for key, _ in item.items() if not key.endswith("_stagger")}
    if role == MINER and table.put(values.get("hashrate"), hashrate, "hashrate") is not None:
        table.data = {"kind": "autonomous-miner", **table.data}
    elif values.get("hashrate") is not None:
        _drop(values["hashrate"], "it does not mine")
    if role == USER:
        _user(table, values)
        funding.put(table)
    for key in ("script", "type"):
        _note_role(table, values.get(key), known=role != NODE)
    _programs(table, values)
    _leave_phases(agents)
    leave_each([(key, value) for key, value in values.items() if value is not None], _REASONS)
    return table


def _note_role(table: Table, item: Item | None, *, known: bool) -> None:
    if item is None:
        return
    if known and table.get("kind") is not None:
        table.note(item, "kind")
    elif item.path[-1] == "type":
        table.note(item, "node")
    else:
        item.leave("no behaviour is known for this script")


def _drop(item: Item | None, reason: str) -> None:
    if item is not None:
        item.leave(reason)


def _user(table: Table, values: Mapping[str, Item | None]) -> None:
    table.set("regular-user", "kind")
    attributes = values.get("attributes")
    own = dict(attributes.items()) if attributes is not None else {}
    interval = values.get("transaction_interval") or own.get("transaction_interval")
    if interval is not None and interval.value == "auto":
        interval.leave("their tool measures its machine for it; 60 s here")
        interval = None
    chance = _chance(table, own.get("tx_send_probability"))

    def spread(value: object) -> str:
        return format_duration(round(microseconds(positive_duration(value)) / chance))

    if table.put(interval, spread, "transaction_interval", reason=_KEPT) is None:
        table.add(spread("1m"), "transaction_interval", reason="their default")
    for old, new, usual in (
        ("min_transaction_amount", "min_amount", _SMALLEST),
        ("max_transaction_amount", "max_amount", _LARGEST),
    ):
        if table.put(values.get(old) or own.get(old), amount, new) is None:
            table.add(usual, new, reason="their default")


def _chance(table: Table, item: Item | None) -> float:
    """Return with which probability the file has a user pay in an interval: 1 if it says nothing."""
    if item is None:
        return 1.0
    try:
        chance = within(0.001, 1)(item.value)
    except ValueError as error:
        item.leave(str(error))
        return 1.0
    table.note(item, "transaction_interval", reason="as rarely: an interval is so much longer, and each has a payment")
    return chance


def _programs(table: Table, values: Mapping[str, Item | None]) -> None:
    for key in ("daemon", "wallet"):
        service = _SERVICE[key]
        item = values.get(key)
        if item is not None and isinstance(item.value, Mapping):
            for name, part in item.items():
                part.leave(f"its wallet uses another's node here{'' if name in ('address', 'strategy') else ', too'}")
        else:
            put_program(table, item, service)
        put_program(table, values.get(f"{key}_0"), service)
        options = values.get(f"{key}_options")
        if options is not None:
            put_options(table, dict(options.items()), service)
        put_flags(table, read_arguments(values.get(f"{key}_args")), service)
    attributes = values.get("attributes")
    public = attributes.get("is_public_node") if attributes is not None else None
    if public is not None:
        public.leave("wallets without a node use the first public one")
        table.set(str(public.value).lower() == "true", "public")
    seed = attributes.get("is_seed_node") if attributes is not None else None
    if seed is not None:
        seed.leave("it can be reached and stays up, as in their tool, but is not dialled more than others")


def _leave_phases(agents: Agents) -> None:
    """Leave out the phases after a program's first, and say what to write by hand: the file tells no version."""
    binary = agents.item.get("daemon_1")
    told = quote(binary.value) if binary is not None and isinstance(binary.value, str) else "..."
    upgrade = f"node.upgrade = {{ at = daemon_0_stop, version = ..., binary = {told} }}"
    reasons = {
        "daemon": f"the file says no version to upgrade to; by hand: {upgrade}",
        "wallet": "a wallet is the same program all the time",
    }
    for key, item in agents.item.items():
        phase = _PHASE.fullmatch(key)
        if phase and (phase[2] != "0" or phase[3]):
            item.leave(reasons[phase[1]])


def put_options(table: Table, options: Mapping[str, Item], service: str, *, everybody: bool = False) -> None:
    """Put options of a program, written without dashes."""
    flags: dict[str, Item] = {}
    for name, item in options.items():
        if name == "log-level" and item.value == MONITOR:
            item.leave("their own set of categories; a level of 0 to 4, or monerod's categories")
        else:
            flags[f"--{name}"] = item
    put_flags(table, flags, service, everybody=everybody)
