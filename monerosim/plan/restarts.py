"""Limits on restarts of a participant's failed actors and programs, and on the silence of a program."""

from typing import Annotated

from msgspec import Meta

from monerosim.config import POSITIVE, Config, Duration, duration


class Restarts(Config, frozen=True):
    """Limits for a supervisor, and for the local engine's process supervisor."""

    max_restarts: Annotated[
        int, Meta(ge=0, le=1000, description="Restarts of one actor or program within `window`; then it is given up.")
    ] = 3
    window: Duration = duration("10m")
    backoff: Duration = duration("5s")
    timeout: Annotated[
        Duration,
        Meta(
            extra=POSITIVE,
            description="Engine local: how long a daemon may leave a question unanswered, a wallet twice as long, "
            "before it is killed and started again.",
        ),
    ] = duration("5m")
    start_timeout: Annotated[
        Duration,
        Meta(extra=POSITIVE, description="The same until its first answer."),
    ] = duration("10m")
