"""Conditions of the network for made-up scenarios: most of them end again, so that the run shows what comes after."""

from collections.abc import Mapping, Sequence
from typing import Any

from monerosim.runtime.rng import Rng
from monerosim.units import SECOND, format_duration

_ENDS: Mapping[str, str] = {
    "shut-down": "start-up",
    "crash": "start-up",
    "freeze": "thaw",
    "cut": "restore",
    "partition": "heal",
    "silence": "unsilence",
    "degrade": "degrade",
}
"""What ends each condition that begins."""

_ENDED = 0.85
"""The share of them that end."""

_LATEST = 0.8
"""The share of a run after which none ends: nodes need time to meet again."""


def draw_changes(
    rng: Rng, duration: int, nodes: Sequence[str], wallets: Sequence[str], groups: Sequence[str]
) -> list[dict[str, Any]]:
    """Draw entries of the timeline.

    Args:
        rng: What they are drawn from.
        duration: The run's, microseconds.
        nodes: The participants with a node of their own.
        wallets: Those with a wallet.
        groups: All participants.

    Returns:
        None at all where there are no nodes.
    """
    entries: list[dict[str, Any]] = []
    for _ in range(rng.integer(1, 4) if nodes else 0):
        at = rng.integer(0, round(duration * _LATEST)) // SECOND
        until = rng.integer(at, max(at, round(duration * _LATEST) // SECOND))
        do = rng.choice([*_ENDS, *(["move-wallet"] if wallets else [])])
        who = rng.choice(wallets if do == "move-wallet" else nodes)
        begin, end = _keys(rng, do, nodes, wallets, groups)
        named = {} if do == "partition" else {"who": who}
        if "program" in begin and begin["program"] == "wallet" and wallets:
            named = {"who": rng.choice(wallets)}
        entries.append({"at": format_duration(at * SECOND), "do": do, **named, **begin})
        if do in _ENDS and rng.random() < _ENDED:
            entries.append({"at": format_duration(until * SECOND), "do": _ENDS[do], **named, **end})
    return entries


def _keys(
    rng: Rng, do: str, nodes: Sequence[str], wallets: Sequence[str], groups: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Draw the keys of a condition, and those of what ends it."""
    if do in ("shut-down", "crash", "freeze"):
        program = {"program": "wallet" if wallets and rng.random() < 0.3 else "node"}  # noqa: PLR2004
        return program, program
    if do == "cut":
        peer = {"peer": rng.choice(nodes)}
        return peer, peer
    if do == "partition":
        side = [name for name in groups if rng.random() < 0.5] or [rng.choice(groups)]  # noqa: PLR2004
        return {"sides": {"one": side}}, {}
    if do == "silence":
        what = {"what": rng.choice(["blocks", "transactions", "stems", "0" * 64])}
        return what, what
    if do == "degrade":
        peer = {"peer": rng.choice(nodes)} if rng.random() < 0.5 else {}  # noqa: PLR2004
        return {**peer, "latency": f"{rng.integer(0, 5000)}ms", "loss": round(rng.random() / 2, 3)}, peer
    return {"node": rng.choice(nodes)}, {}
