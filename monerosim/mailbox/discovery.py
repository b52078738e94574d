"""Discovery of other agents by the facts that they have published."""

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
"""Names in the shared state. Facts of many hosts are a folder with a document for each, so that none overwrites
another's."""

LIFETIME = 30.0
"""Seconds for which a cached document is used."""


class AgentDiscoveryError(Exception):
    """Something has not been published; the message names it."""


class Agent(msgspec.Struct, frozen=True):
    """A participant in the agent registry."""

    id: str
    group: str
    address: str
    actors: tuple[str, ...]
    node: str | None = None
    """The host whose node it uses."""
    wallet: bool = False
    roles: dict[str, str] = {}
    """The roles of its behaviours (a ``block-controller``, a ``miner``), and the first actor of each."""


class Miner(msgspec.Struct, frozen=True):
    """A miner's registration."""

    id: str
    hashrate: Annotated[float, Meta(gt=0)]
    address: str
    """The address to which its rewards go."""
    active: bool = True
    actor: str = ""
    """The participant's actor that gets its letters; empty if there is none."""
    autonomous: bool = False
    """It finds blocks by itself, and a block controller assigns it none."""
    solo: bool = False
    """It is so small that the scenario makes it a user as well."""
    since: float = 0.0
    """The time of the registration, seconds since the scenario's time zero."""


class Item(msgspec.Struct, frozen=True):
    """An item that a vendor sells."""

    name: str
    price: int
    """Atomic units."""


class Vendor(msgspec.Struct, frozen=True):
    """A recipient of payments in a marketplace."""

    id: str
    address: str
    items: tuple[Item, ...] = ()
    marketplace: str = ""
    """The host and the actor that take orders; empty if none are taken."""
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
    """Reads the registries and caches them for a while.

    Args:
        shared: The shared state.
        now: The time in seconds.
        lifetime: Seconds for which a cached document is used.
        warn: Is called with a format and its arguments where one of many documents cannot be read and is left out.
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
        """Clear the cache."""
        self._cache.clear()

    def get_agents(self) -> tuple[Agent, ...]:
        """Return all agents, ordered by name."""
        return self._registry().agents

    def get_agents_with(self, actor: str) -> tuple[Agent, ...]:
        """Return the agents that have a behaviour, such as ``regular-user``, or a role, ordered by name."""
        return self._registry().by_actor.get(actor, ())

    def get_agent(self, agent: str) -> Agent:
        """Return one agent.

        Raises:
            AgentDiscoveryError: There is none of this name.
        """
        found = self._registry().by_id.get(agent)
        if found is None:
            raise AgentDiscoveryError(f"the agent registry has no {agent!r}")
        return found

    def get_registered_miners(self) -> list[Miner]:
        """Return all registered miners, those that have left included, ordered by name."""
        return self._cached(MINING_POOLS, lambda: self._read_all(MINING_POOLS, Miner))

    def get_miner_agents(self) -> list[Miner]:
        """Return the registered miners that are active, ordered by name."""
        return [miner for miner in self.get_registered_miners() if miner.active]

    def get_solo_miners(self) -> list[Miner]:
        """Return the active miners that are users as well, as decided when the run was built."""
        return [miner for miner in self.get_miner_agents() if miner.solo]

    def get_wallet_agents(self) -> list[Agent]:
        """Return the agents that have a wallet."""
        return [agent for agent in self.get_agents() if agent.wallet]

    def get_block_controllers(self) -> tuple[Agent, ...]:
        """Return the agents that are block controllers."""
        return self.get_agents_with(BLOCK_CONTROLLER)

    def get_marketplace_addresses(self) -> list[Vendor]:
        """Return the vendors of all marketplaces that have published their addresses."""
        return self._cached(
            MARKETPLACES,
            lambda: [vendor for place in self._read_all(MARKETPLACES, _Marketplace) for vendor in place.vendors],
        )

    def get_addresses(self, agent: str) -> tuple[str, ...]:
        """Return the addresses of an agent's wallet.

        Raises:
            AgentDiscoveryError: It has not published any yet.
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
            raise AgentDiscoveryError(f"{name} has not been published yet")
        return document
