"""Cases: what a seed stands for, which is a scenario's file and what befalls its run."""

from typing import Any, Literal, TypeAlias

import msgspec

from monerosim.runtime.rng import Rng, stable_seed
from monerosim.scenario.toml import write_toml
from monerosim.swarm.mistakes import damage, make_mistakes
from monerosim.swarm.networks import peers_file
from monerosim.swarm.scenarios import make_scenario

Sort: TypeAlias = Literal["valid", "nearly valid", "damaged"]
Mishap: TypeAlias = Literal["none", "disk full", "killed"]

_SORTS: tuple[Sort, ...] = ("valid", "nearly valid", "damaged")
_SHARES = (0.77, 0.16, 0.07)

MISHAPS: tuple[Mishap, ...] = ("none", "disk full", "killed")
"""What may befall a run."""

_MISHAP_SHARES = (0.7, 0.15, 0.15)
_MOST_WRITTEN = 300_000


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario's file, and what befalls a further run of it."""

    seed: int
    sort: Sort
    document: dict[str, Any] | None
    """What the file says; None where it is damaged."""
    raw: bytes
    mishap: Mishap = "none"
    """What a further run meets when a file is to become larger than ``size``."""
    size: int = 0

    @property
    def peers(self) -> bytes:
        """Return the file of peers that lies beside it."""
        return peers_file(self.document or {})

    def with_document(self, document: dict[str, Any]) -> "Case":
        """Return the same with another document."""
        return msgspec.structs.replace(self, document=document, raw=write_toml(document).encode())


def make_case(seed: int) -> Case:
    """Make the case of a seed."""
    rng = Rng(stable_seed("swarm", seed))
    document: dict[str, Any] | None = make_scenario(rng, seed)
    sort = rng.weighted(_SORTS, _SHARES)
    if sort == "nearly valid" and document is not None:
        document = make_mistakes(document, rng)
    if sort == "damaged" and document is not None:
        raw, document = damage(document, rng), None
    else:
        raw = write_toml(document or {}).encode("utf-8", "replace")
    mishap = rng.weighted(MISHAPS, _MISHAP_SHARES)
    size = int(_MOST_WRITTEN * rng.random() ** 3)
    return Case(seed=seed, sort=sort, document=document, raw=raw, mishap=mishap, size=size)
