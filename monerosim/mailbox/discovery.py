"""Finding other agents by what they have published."""

from collections import defaultdict
from collections.abc import Callable
from functools import cached_property
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from monerosim.mailbox.shared import SharedState, SharedStateError
from monerosim.plan.roles import BLOCK_CONTROLLER

T = TypeVar("T")

AGENT_REGISTRY = "agent_registry.json"
MINERS = "miners.json"
BLOCKS_FOUND = "blocks_found.json"
MINING_POOLS = "mining_pools"
MARKETPLACES = "marketplace_addresses"
WALLETS = "wallets"
"""Names in the shared state. What many hosts write is a folder with a document each, so that none overwrites
another's."""

LIFETIME = 30.0
"""Seconds for which what was read is taken as it is."""


class AgentDiscoveryError(Exception):
    """What was looked for is not there; the message says what is missing."""


class Agent(msgspec.Struct, frozen=True):
    """A participant, as the agent registry has it."""

    id: str
    group: str
    address: str
    actors: tuple[str, ...]
    node: str | None = None
    """The host whose node it uses."""
    wallet: bool = False
    roles: dict[str, str] = {}
    """What it is by its actors, whatever these are called, and the (first) actor that makes it so."""


class Miner(msgspec.Struct, frozen=True):
    """A miner, as it registers itself."""

    id: str
    hashrate: Annotated[float, Meta(gt=0)]
    address: str
    """Where its rewards go."""
    active: bool = True
    actor: str = ""
    """Which of the participant's actors gets its letters; empty where none does."""
    autonomous: bool = False
    """Whether it finds blocks by itself, and gets none from a block controller."""
    solo: bool = False
    """Whether it is so small that the scenario makes it a user as well."""
    since: float = 0.0
    """When it registered so, seconds since the scenario's time zero."""


class Item(msgspec.Struct, frozen=True):
    """Something that a vendor sells."""

    name: str
    price: int
    """Atomic units."""


class Vendor(msgspec.Struct, frozen=True):
    """Somebody who takes payments."""

    id: str
    address: str
    items: tuple[Item, ...] = ()
    marketplace: str = ""
    """The host and the actor that orders go to; empty where none are taken."""
    actor: str = ""


class _Registry(msgspec.Struct, frozen=True, dict=True):
    agents: tuple[Agent, ...]

    @cached_property
    def by_id(self) -> dict[str, Agent]:
        return {agent.id: agent for agent in self.agents}

    @cached_property
    def by_actor(self) -> dict[str, tuple[Agent, ...]]:
        found: defaultdict[str, list[Agent]] = defaultdict(list)
        for agent in self.agents:
            for actor in sorted({*agent.actors, *agent.roles}):
                found[actor].append(agent)
        return {actor: tuple(agents) for actor, agents in found.items()}


class _Marketplace(msgspec.Struct, frozen=True):
    vendors: tuple[Vendor, ...]


class _Wallet(msgspec.Struct, frozen=True):
    addresses: tuple[str, ...]


class AgentDiscovery:
    """Reads the registries and keeps what it read for a while.

    Args:
        shared: The shared state.
        now: The time in seconds.
        lifetime: Seconds for which what was read is taken as it is.
        warn: Is given a format and what is put into it, where one of many documents cannot be read and is left out.
    """

    def __init__(
        self,
        shared: SharedState,
        now: Callable[[], float],
        lifetime: float = LIFETIME,
        *,
        warn: Callable[[str, str], None] | None = None,
    ) -> None:
        self._shared = shared
        self._now = now
        self._lifetime = lifetime
        self._warn = warn
        self._told: set[str] = set()
        self._cache: dict[str, tuple[float, object]] = {}

    def refresh(self) -> None:
        """Forget what was read."""
        self._cache.clear()

    def get_agents(self) -> tuple[Agent, ...]:
        """List all agents in the order of their names."""
        return self._registry().agents

    def get_agents_with(self, actor: str) -> tuple[Agent, ...]:
        """List the agents that are composed of an actor, ``regular-user`` say, or have a role, by their names."""
        return self._registry().by_actor.get(actor, ())

    def get_agent(self, agent: str) -> Agent:
        """Find one agent.

        Raises:
            AgentDiscoveryError: There is none of this name.
        """
        found = self._registry().by_id.get(agent)
        if found is None:
            raise AgentDiscoveryError(f"the agent registry has no {agent!r}")
        return found

    def get_registered_miners(self) -> list[Miner]:
        """List all miners that have registered, also those that have left, in the order of their names."""
        return self._cached(MINING_POOLS, lambda: self._read_all(MINING_POOLS, Miner))

    def get_miner_agents(self) -> list[Miner]:
        """List the miners that have registered and are active, in the order of their names."""
        return [miner for miner in self.get_registered_miners() if miner.active]

    def get_solo_miners(self) -> list[Miner]:
        """List the active miners that are users as well: who is, is decided when the run is built."""
        return [miner for miner in self.get_miner_agents() if miner.solo]

    def get_wallet_agents(self) -> list[Agent]:
        """List the agents that have a wallet."""
        return [agent for agent in self.get_agents() if agent.wallet]

    def get_block_controllers(self) -> tuple[Agent, ...]:
        """List the agents that are block controllers."""
        return self.get_agents_with(BLOCK_CONTROLLER)

    def get_marketplace_addresses(self) -> list[Vendor]:
        """List all vendors of all marketplaces that have published their addresses."""
        return self._cached(
            MARKETPLACES,
            lambda: [vendor for place in self._read_all(MARKETPLACES, _Marketplace) for vendor in place.vendors],
        )

    def get_addresses(self, agent: str) -> tuple[str, ...]:
        """Tell the addresses of an agent's wallet.

        Raises:
            AgentDiscoveryError: It has not published any (yet).
        """
        name = f"{WALLETS}/{agent}.json"
        return self._cached(name, lambda: self._read(name, _Wallet).addresses)

    def _registry(self) -> _Registry:
        return self._cached(AGENT_REGISTRY, lambda: self._read(AGENT_REGISTRY, _Registry))

    def _cached(self, key: str, read: Callable[[], T]) -> T:
        entry = self._cache.get(key)
        now = self._now()
        if entry is not None and now - entry[0] < self._lifetime:
            return entry[1]  # type: ignore[return-value]  # each key is always read the same way
        value = read()
        self._cache[key] = now, value
        return value

    def _read_all(self, folder: str, kind: type[T]) -> list[T]:
        found = []
        for name in self._shared.names(folder):
            try:
                found.append(self._read(name, kind))
            except AgentDiscoveryError as error:
                if self._warn is not None and str(error) not in self._told:
                    self._told.add(str(error))
                    self._warn("left out: {}", str(error))
        return found

    def _read(self, name: str, kind: type[T]) -> T:
        try:
            document = self._shared.read_as(name, kind)
        except SharedStateError as error:
            raise AgentDiscoveryError(str(error)) from error
        if document is None:
            raise AgentDiscoveryError(f"nobody has published {name} yet")
        return document
