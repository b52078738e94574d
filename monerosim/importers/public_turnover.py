"""Nodes of a public monerosim's scenario that come and go (``general.turnover``)."""

from collections.abc import Sequence

from monerosim.importers.draft import Draft
from monerosim.importers.source import leave_each
from monerosim.importers.values import positive_duration, within

_TARGET = ("network", "turnover")
_TIMES = (("mean_session", "session", "2h"), ("mean_downtime", "downtime", "20min"))
_UNBOUNDED = "times are drawn without bounds"
_BOUNDS = dict.fromkeys(("min_session", "max_session", "min_downtime"), _UNBOUNDED)
_SHARE = "each node is one of them with this probability; their tool takes as many as that is"


def turn_over(draft: Draft, names: Sequence[str]) -> None:
    """Have nodes come and go, if the file says so.

    Args:
        draft: The scenario.
        names: The participants whose nodes their tool has come and go: neither miners nor those that are pinned.
    """
    turnover = draft.source.root.get("general", "turnover")
    if turnover is None:
        return
    if not turnover.items():
        turnover.leave("it says how long nodes are up and down: mean_session, mean_downtime")
        return
    if not names:
        turnover.leave("the file has no nodes but those that stay: miners, and those with hide-my-port: false")
        return
    top = draft.top
    if top.put(turnover.get("fraction"), within(0, 1), *_TARGET, "share", reason=_SHARE) is None:
        top.add(1, *_TARGET, "share", reason="their default")
    for old, new, usual in _TIMES:
        if top.put(turnover.get(old), positive_duration, *_TARGET, new) is None:
            top.add(usual, *_TARGET, new, reason=f"the file says no {old}")
    top.add(list(names), *_TARGET, "among", reason="miners stay, and nodes with hide-my-port: false")
    leave_each(turnover.items(), _BOUNDS)
