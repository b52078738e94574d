"""The roles that monerosim itself knows: what a behaviour is, whatever its class is called.

A behaviour declares one (:attr:`monerosim.agent.behaviour.Behaviour.role`), and the plan says it of each actor. Other
roles are for the behaviours that look for them (:meth:`monerosim.mailbox.discovery.AgentDiscovery.get_agents_with`).
"""

MINER = "miner"
"""Has its node make blocks."""

BLOCK_CONTROLLER = "block-controller"
"""Decides which of the miners that are not autonomous finds the next block."""

FUNDER = "funder"
"""Pays the initial balances."""

ORCHESTRATOR = "orchestrator"
"""Passes commands and events on, for all hosts."""

SCRIPT = "script"
"""Is a command that an engine with real programs runs; the actor itself does nothing."""

SPY = "spy"
"""Has a node that listens; the report says what all spies together would make of what they are sent."""
