"""When users pay, whom and how much."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from actors.users.payer import MINUTE, PayerConfig
from monerosim.config import POSITIVE, Amount, Duration, Key, amount
from monerosim.monero.constants import MAX_RECIPIENTS
from monerosim.runtime.day import are_weights, day_of
from monerosim.runtime.rng import Rng, power_of_e
from monerosim.units import SECOND

_FREQUENCY = 0.1


class UserConfig(PayerConfig, frozen=True):
    """Settings of users who just pay."""

    mutually_exclusive: ClassVar[tuple[frozenset[str], ...]] = (
        frozenset({"transaction_frequency", "transaction_interval"}),
        frozenset({"transaction_frequency", "interval_sigma"}),
    )
    transaction_frequency: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        Meta(description=f"Probability of a payment a minute; {_FREQUENCY} if transaction_interval is left out, too."),
    ] = None
    transaction_interval: Annotated[
        Annotated[Duration, Meta(extra=POSITIVE)] | None,
        Meta(
            description="Instead: the time from payment to payment, the first at a random point of the first interval."
        ),
    ] = None
    interval_sigma: Annotated[
        Annotated[float, Meta(gt=0, le=3)] | None,
        Meta(
            description="Draws each interval from a log-normal distribution whose mean is transaction_interval: the "
            "standard deviation of its logarithm."
        ),
    ] = None
    hourly_weights: Annotated[
        tuple[float, ...],
        Meta(
            description="How payments are spread over a day: 24 weights, the first of the hour that begins at time "
            "zero; evenly if left out. They do not change how many there are in a whole day."
        ),
    ] = ()
    min_amount: Annotated[Amount, Meta(description="The least that a recipient gets.")] = amount("0.1 XMR")
    max_amount: Annotated[Amount, Meta(description="The most that a recipient gets.")] = amount("2 XMR")
    amount_tail: Annotated[
        Annotated[float, Meta(gt=0, le=10)] | None,
        Meta(
            description="Draws amounts from a Pareto distribution that begins at min_amount and ends at max_amount: "
            "its exponent, the smaller the more large ones. All are as likely if left out."
        ),
    ] = None
    recipients: Annotated[
        Literal["marketplaces", "users", "any"] | None,
        Meta(description="Who is paid; vendors where there are marketplaces, else other users, if left out."),
    ] = None
    destinations: Annotated[
        int, Meta(ge=1, le=MAX_RECIPIENTS, description="Recipients of a payment, each paid an amount of its own.")
    ] = 1

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Yield the settings that contradict each other."""
        if self.min_amount <= 0:
            yield ("min_amount",), "min_amount must be above 0"
        if self.min_amount > self.max_amount:
            yield ("min_amount", "max_amount"), "min_amount must be above 0 and at most max_amount"
        if self.transaction_interval is not None and self.transaction_frequency is not None:
            message = "transaction_interval cannot be given beside transaction_frequency: one of the two"
            yield ("transaction_interval", "transaction_frequency"), message
        if self.interval_sigma is not None and self.transaction_interval is None:
            yield ("interval_sigma",), "interval_sigma needs transaction_interval, the mean of the intervals"
        if self.hourly_weights and not are_weights(self.hourly_weights):
            yield ("hourly_weights",), "hourly_weights must be 24 numbers of at least 0, not all of them 0"

    def __post_init__(self) -> None:
        """Set the default frequency where neither is given."""
        super().__post_init__()
        if self.transaction_interval is None and self.transaction_frequency is None:
            msgspec.structs.force_setattr(self, "transaction_frequency", _FREQUENCY)

    @property
    def payments_per_second(self) -> float:
        """One payment an interval, or what the frequency comes to."""
        if self.transaction_interval is not None:
            return 1 / self.transaction_interval.seconds
        return (self.transaction_frequency or 0.0) / MINUTE

    def draw_amount(self, rng: Rng) -> int:
        """Draw what a recipient gets, atomic units."""
        low, high = int(self.min_amount), int(self.max_amount)
        if self.amount_tail is None:
            return rng.integer(low, high)
        return min(high, max(low, round(rng.pareto(low, high, self.amount_tail))))

    def draw_origin(self, now: int, time_zero: int, rng: Rng) -> int:
        """Draw a point of the first interval; the present, if there is no interval.

        Args:
            now: Microseconds since the run's start, as is the result.
            time_zero: When the scenario's own time begins, likewise.
            rng: Where random numbers come from.
        """
        interval, sigma, day = self.transaction_interval, self.interval_sigma, day_of(self.hourly_weights)
        if interval is None:
            return now
        if sigma is None:
            offset = rng.integer(0, interval - 1)
        else:
            # Whoever comes by chance comes into a long interval more likely than into a short one.
            offset = round(rng.random() * rng.log_normal(interval * power_of_e(sigma * sigma), sigma))
        return time_zero + day.time(day.activity(now - time_zero) + offset)

    def next_due(self, last: int, origin: int, time_zero: int, rng: Rng) -> int:
        """Return when the payment after one comes due, microseconds since the run's start, as are all times here.

        Args:
            last: When that came due.
            origin: A point of the first interval, if there is one.
            time_zero: When the scenario's own time begins.
            rng: Draws the minutes otherwise, and intervals that vary.
        """
        interval, sigma, day = self.transaction_interval, self.interval_sigma, day_of(self.hourly_weights)
        if interval is None:
            step = rng.geometric(self.transaction_frequency or _FREQUENCY) * round(MINUTE * SECOND)
        elif sigma is None:
            step = interval - (day.activity(last - time_zero) - day.activity(origin - time_zero)) % interval
        elif last < origin:
            return origin
        else:
            step = max(1, round(rng.log_normal(interval, sigma)))
        return time_zero + day.time(day.activity(last - time_zero) + step)
