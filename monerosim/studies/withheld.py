"""The Markov chain of a miner that keeps blocks back: what share of the main chain it gets in the long run.

A state is how many blocks its branch and the public one have above the last that they share, and whether its own is as
long as the public one and was there in time for others to follow it.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, identity
from scipy.sparse.linalg import spsolve


class Strategy(NamedTuple):
    """What a miner does; the default is the strategy of Eyal and Sirer."""

    lead_stubborn: bool = False
    equal_fork_stubborn: bool = False
    trail: int = 0
    release_at: int | None = None


class _State(NamedTuple):
    own: int
    public: int
    tied: bool


class _Step(NamedTuple):
    """Where a block leads, and who has blocks on the main chain for certain by it."""

    to: _State
    own: int
    public: int


_START = _State(0, 0, False)
_MOST = 80
"""Blocks of a branch, beyond which it is published: so long are they hardly ever."""


def relative_revenue(alpha: float, gamma: float, strategy: Strategy = Strategy()) -> float:  # noqa: B008  (immutable)
    """Return a strategy's share of the blocks on the main chain.

    Args:
        alpha: The miner's share of the hashrate.
        gamma: The share of the others' hashrate that mines on its block in a tie.
        strategy: What it does.
    """
    own, public = _solve(alpha, gamma, strategy)
    return own / (own + public)


def absolute_revenue(alpha: float, gamma: float, strategy: Strategy = Strategy()) -> float:  # noqa: B008  (immutable)
    """Return how many of the blocks that all find, stale ones included, are a strategy's and on the main chain.

    At a fixed difficulty blocks are found at a fixed pace, so an honest miner's is ``alpha``.

    Args:
        alpha: As for :func:`relative_revenue`.
        gamma: Likewise.
        strategy: Likewise.
    """
    return _solve(alpha, gamma, strategy)[0]


@cache
def _solve(alpha: float, gamma: float, strategy: Strategy) -> tuple[float, float]:
    """Return the blocks on the main chain for each that is found: the miner's, and the others'."""
    places: dict[_State, int] = {_START: 0}
    rows: list[int] = []
    columns: list[int] = []
    chances: list[float] = []
    own_rate: list[float] = []
    public_rate: list[float] = []
    waiting = [_START]
    while waiting:
        state = waiting.pop()
        here = places[state]
        own_rate += [0.0] * (here + 1 - len(own_rate))
        public_rate += [0.0] * (here + 1 - len(public_rate))
        for chance, step in _steps(state, alpha, gamma, strategy):
            if step.to not in places:
                places[step.to] = len(places)
                waiting.append(step.to)
            rows.append(here)
            columns.append(places[step.to])
            chances.append(chance)
            own_rate[here] += chance * step.own
            public_rate[here] += chance * step.public
    count = len(places)
    chain = csr_matrix((chances, (rows, columns)), shape=(count, count))
    # Balance, with the last equation replaced by what all states add up to.
    equations = (chain.T - identity(count)).tolil()
    equations[count - 1, :] = 1
    right = np.zeros(count)
    right[count - 1] = 1
    stationary = spsolve(equations.tocsc(), right)
    own, public = stationary @ np.array(own_rate), stationary @ np.array(public_rate)
    return float(own), float(public)


def _steps(state: _State, alpha: float, gamma: float, strategy: Strategy) -> list[tuple[float, _Step]]:
    own, public, tied = state
    steps = [(alpha, _after_own(own + 1, public, tied, strategy))]
    follow = gamma if tied else 0.0
    if follow:
        # A block on its branch settles as many of its blocks as the public branch has.
        joined = _after_public(own - public, 1, strategy)
        steps.append(((1 - alpha) * follow, joined._replace(own=joined.own + public)))
    if follow < 1:
        steps.append(((1 - alpha) * (1 - follow), _after_public(own, public + 1, strategy)))
    return steps


def _after_own(own: int, public: int, tied: bool, strategy: Strategy) -> _Step:
    lead = own - public
    if (strategy.release_at is not None and lead >= strategy.release_at) or own >= _MOST:
        return _Step(_START, own, 0)
    if public and lead == 1 and not (tied and strategy.equal_fork_stubborn):
        return _Step(_START, own, 0)
    return _Step(_State(own, public, tied and lead >= 0), 0, 0)


def _after_public(own: int, public: int, strategy: Strategy) -> _Step:
    lead = own - public
    if own == 0 or -lead > strategy.trail:
        return _Step(_START, 0, public)
    if lead < 0:
        return _Step(_State(own, public, False), 0, 0)
    if lead == 1 and not strategy.lead_stubborn:
        return _Step(_START, own, 0)
    if lead > 1 and not strategy.lead_stubborn:
        # Its whole branch wins, come what may: so many of its blocks count already, and the public ones are lost.
        return _Step(_State(lead, 0, False), public, 0)
    return _Step(_State(own, public, True), 0, 0)


def eyal_sirer(alpha: float, gamma: float) -> float:
    """Return the relative revenue of selfish mining (Eyal and Sirer, doi 10.1007/978-3-662-45472-5_28, equation 8)."""
    gained = alpha * (1 - alpha) ** 2 * (4 * alpha + gamma * (1 - 2 * alpha)) - alpha**3
    return gained / (1 - alpha * (1 + (2 - alpha) * alpha))
