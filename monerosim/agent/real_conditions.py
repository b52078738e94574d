"""Changes the network of real programs: by bans, through the RPC of both ends, and by the engine that starts them."""

from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path

import msgspec

from monerosim.agent.conditions import (
    Condition,
    ConditionError,
    Crash,
    Cut,
    Freeze,
    Heal,
    MoveWallet,
    Partition,
    Restore,
    ShutDown,
    StartUp,
    Thaw,
    hosts_of,
    name_of,
    sides_of,
)
from monerosim.files import replace_file
from monerosim.mailbox.shared import DiskState
from monerosim.plan.plan import Plan
from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcError
from monerosim.rpc.node import NodeRpc
from monerosim.rpc.transport import Transport
from monerosim.rpc.wallet import WalletRpc
from monerosim.runtime.clock import Clock

REQUESTS = "requests"
"""The folder of the run directory into which requests to the engine are written, where it takes any."""

BANS = "bans.json"
"""The shared document that says who is cut off from whom."""

LINK_CONDITIONS = frozenset(map(name_of, (Cut(peer="."), Restore(peer="."), Partition(sides={}), Heal())))
SCHEDULED_CONDITIONS = frozenset(map(name_of, (ShutDown(), StartUp(), Crash())))
PROGRAM_CONDITIONS = SCHEDULED_CONDITIONS | frozenset(map(name_of, (Freeze(), Thaw())))
"""The names of conditions that bans bring about, of those that an engine can bring about that knows their times before
the run, and of those that take one that starts and ends programs when it is asked to."""

_SECONDS = 2**31 - 1
"""How long a ban lasts: for ever, as a run goes."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To the engine: do something to a program of a host."""

    host: str
    program: str
    """``node`` or ``wallet``."""
    do: str


class _Bans(msgspec.Struct, frozen=True):
    """Who is cut off from whom."""

    cuts: tuple[tuple[str, str], ...] = ()
    sides: dict[str, int] = {}

    def apart(self, one: str, other: str) -> bool:
        """Return whether two hosts are to have no connection."""
        cut = (one, other) in self.cuts or (other, one) in self.cuts
        return cut or self.sides.get(one, -1) != self.sides.get(other, -1)


class RealNetwork:
    """Changes the network of a run with real programs.

    Args:
        plan: The run's plan.
        directory: The run directory.
        shared: The standing facts of the run.
        node: Returns the way to the monerod of a host.
        wallet: Returns the way to the monero-wallet-rpc of a host.
        clock: The runtime's clock.
        me: The host that this process is of, for the names of requests.
    """

    def __init__(
        self,
        plan: Plan,
        directory: Path,
        shared: DiskState,
        *,
        node: Callable[[str], Transport],
        wallet: Callable[[str], Transport],
        clock: Clock,
        me: str,
    ) -> None:
        self._plan = plan
        self._requests = directory / REQUESTS
        self._shared = shared
        self._node = node
        self._wallet = wallet
        self._clock = clock
        self._me = me
        self._numbers = count(1)
        self._addresses = {host.name: host.address for host in plan.hosts if host.node is not None}

    def change(self, condition: Condition, *, scheduled: bool) -> None:
        """Change the network.

        Args:
            condition: What changes.
            scheduled: Whether it is in the timeline: an engine that takes no requests starts and ends programs by it.

        Raises:
            ConditionError: The engine cannot do that, or a node does not answer.
        """
        match condition:
            case ShutDown() | StartUp() | Crash() | Freeze() | Thaw():
                self._request(condition, scheduled=scheduled)
            case Cut() | Restore() | Partition() | Heal():
                self._ban(condition)
            case MoveWallet(who=who, node=node):
                self._move_wallets(who, node)
            case _:
                raise ConditionError(f"real programs cannot {name_of(condition)}")

    def _request(self, condition: ShutDown | StartUp | Crash | Freeze | Thaw, *, scheduled: bool) -> None:
        if not self._requests.is_dir():
            if scheduled:
                return
            raise ConditionError(f"the engine {self._plan.engine} cannot {name_of(condition)} in mid-run")
        for host in hosts_of(self._plan, condition.who):
            request = Request(host, condition.program, name_of(condition))
            name = f"{self._clock.microseconds() + self._plan.time_zero:020d}-{self._me}-{next(self._numbers):06d}.json"
            replace_file(self._requests / name, msgspec.json.encode(request))

    def _ban(self, condition: Cut | Restore | Partition | Heal) -> None:
        before = self._shared.read_as(BANS, _Bans) or _Bans()
        after = before
        match condition:
            case Partition(sides=sides):
                after = msgspec.structs.replace(before, sides=sides_of(self._plan, sides.values()))
            case Heal():
                after = msgspec.structs.replace(before, sides={})
            case Cut(who=who, peer=peer) | Restore(who=who, peer=peer):
                pairs = [(one, other) for one in hosts_of(self._plan, who) for other in hosts_of(self._plan, peer)]
                both = {*pairs, *((other, one) for one, other in pairs)}
                kept = [pair for pair in before.cuts if pair not in both]
                after = msgspec.structs.replace(before, cuts=(*kept, *(pairs if isinstance(condition, Cut) else ())))
        self._shared.replace(BANS, msgspec.to_builtins(after))
        silent = []
        for host in self._addresses:
            changed = {
                address: after.apart(host, other)
                for other, address in self._addresses.items()
                if other != host and before.apart(host, other) != after.apart(host, other)
            }
            if changed:
                try:
                    NodeRpc(RpcClient(self._node(host), self._clock)).set_bans(changed, seconds=_SECONDS)
                except RpcError as error:
                    silent.append(f"{host}: {error}")
        if silent:
            raise ConditionError("; ".join(silent))

    def _move_wallets(self, who: str, node: str) -> None:
        found = next((host for host in self._plan.hosts if node in (host.name, host.group) and host.node), None)
        if found is None or found.node is None:
            raise ConditionError(f"{node} has no node")
        for host in _with_wallet(self._plan, who):
            try:
                rpc = WalletRpc(RpcClient(self._wallet(host), self._clock))
                rpc.set_daemon(f"http://{found.address}:{found.node.rpc_port}")
            except RpcError as error:
                raise ConditionError(f"{host}: {error}") from error


def _with_wallet(plan: Plan, who: str) -> Iterable[str]:
    names = set(hosts_of(plan, who))
    return [host.name for host in plan.hosts if host.name in names and host.wallets]
