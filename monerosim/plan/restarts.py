"""How often a participant's failed actors are started again."""

from typing import Annotated

from msgspec import Meta

from monerosim.config import Config, Duration, duration


class Restarts(Config, frozen=True):
    """Limits of a supervisor."""

    most: Annotated[
        int, Meta(ge=0, le=1000, description="Restarts of one actor within `within`; then it is given up.")
    ] = 3
    within: Duration = duration("10m")
    backoff: Duration = duration("5s")
