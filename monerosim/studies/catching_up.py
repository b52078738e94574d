"""How likely a hidden branch overtakes the public one: Rosenfeld's form for double spends."""

from math import comb


def rosenfeld(share: float, confirmations: int) -> float:
    """Return the chance that a payment is taken back by a branch that never gives up and begins with one block.

    Rosenfeld, "Analysis of hashrate-based double spending" (2012, arXiv 1402.2009), section 4.

    Args:
        share: The attacker's share of the hashrate, q.
        confirmations: Those that the victim waits for, n.
    """
    return catching_up(share, confirmations, None)


def catching_up(share: float, confirmations: int, give_up: int | None) -> float:
    """Return the same of an attacker that gives up when it is so many blocks behind.

    While the public chain finds the n confirmations, the attacker finds m blocks by a negative binomial distribution;
    where those are fewer than n, a random walk decides (the gambler's ruin).

    Args:
        share: As for :func:`rosenfeld`, below one half.
        confirmations: Likewise.
        give_up: By how many blocks it is behind when it gives up, at least n - 1; None for never.
    """
    honest, n = 1 - share, confirmations
    chance = 0.0
    certain = 1.0
    for found in range(n):
        probability = comb(found + n - 1, found) * honest**n * share**found
        certain -= probability
        chance += probability * _ahead(honest / share, n - found, give_up)
    return certain + chance


def _ahead(odds: float, needed: int, give_up: int | None) -> float:
    """Return the chance to gain so many blocks before one is too far behind; it has one less than that to make up."""
    if give_up is None:
        return odds**-needed
    left = give_up - (needed - 1)
    return (odds**left - 1) / (odds ** (give_up + 1) - 1) if left > 0 else 0.0
