"""The regular user: pays vendors or other users."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from actors.host.wallet_proxy import Transfer
from actors.markets.orders import Invoice, Order, Refusal
from actors.users.habits import UserConfig
from actors.users.payer import Payer, Payment
from monerosim.agent.actor import handles, receives
from monerosim.agent.messages import Message
from monerosim.config import PARTICIPANT, Amount, Key
from monerosim.mailbox.discovery import Agent, AgentDiscovery, AgentDiscoveryError, Vendor
from monerosim.rpc.errors import RpcDoubtfulError
from monerosim.rpc.wallet import Destination, Transferred
from monerosim.runtime.rng import Rng
from monerosim.units import format_amount

USER = "regular-user"
_INVOICE_TIMEOUT = 300.0
"""Seconds that a user waits for a marketplace to answer an order."""


class RegularUserConfig(UserConfig, frozen=True):
    """Settings of a regular user."""

    orders: Annotated[
        bool, Meta(description="Whether it orders an item from a vendor and pays the invoice, instead of just paying.")
    ] = False
    on_expired_invoice: Annotated[
        Literal["skip", "pay"],
        Meta(description="Whether an invoice whose time is over, because coins were locked, is given up or paid."),
    ] = "skip"
    underpay_probability: Annotated[
        float, Meta(ge=0, le=1, description="Probability to pay only half of an invoice; with orders.")
    ] = 0.0
    double_pay_probability: Annotated[
        float, Meta(ge=0, le=1, description="Probability to pay an invoice a second time at once; with orders.")
    ] = 0.0

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Yield the settings that contradict each other."""
        yield from super().problems()
        if self.orders and self.destinations > 1:
            yield ("destinations", "orders"), "destinations must be 1 with orders: an order is one vendor's"
        if self.orders and self.recipients in ("users", "any"):
            message = f'recipients must be "marketplaces" or left out with orders, got "{self.recipients}"'
            yield ("recipients", "orders"), message
        if not self.orders and (self.underpay_probability or self.double_pay_probability):
            message = "underpay_probability and double_pay_probability are for invoices: they need orders = true"
            yield ("underpay_probability", "double_pay_probability", "orders"), message
        if self.underpay_probability + self.double_pay_probability > 1:
            yield (
                ("underpay_probability", "double_pay_probability"),
                "underpay_probability and double_pay_probability must be at most 1 together",
            )


class SendNow(Message[Transferred], frozen=True):
    """Pay now, in addition to scheduled payments; fails if coins are locked, whatever ``on_locked_funds`` says.

    Raises:
        AgentDiscoveryError: There is nobody to pay.
        RpcError: The wallet did not pay.
    """

    to: Annotated[str | None, Meta(extra=PARTICIPANT)] = None
    """The participant; chosen as usual, if left out."""
    amount: Amount | None = None
    """Drawn as usual, if left out."""


class _Asked:
    """The order whose invoice has not come yet, kept while its buyer is restarted."""

    def __init__(self) -> None:
        self.order: Order | None = None


class RegularUser(Payer[RegularUserConfig]):
    """Pays vendors or other users at random or at a fixed interval, or orders items from vendors and pays the invoices.

    The number of minutes to the next payment is drawn at once (geometric), which is the same as deciding each minute,
    and costs nothing in the minutes between.
    """

    commands: ClassVar[Mapping[str, type[Message[Any]]]] = {"send-now": SendNow}

    @classmethod
    def payments_per_second(cls, config: RegularUserConfig) -> float:
        """Return one payment an interval, or what the frequency comes to."""
        return config.payments_per_second

    @classmethod
    def paying_hours(cls, config: RegularUserConfig) -> tuple[float, ...]:
        """Return the configured weights."""
        return config.hourly_weights

    def begin(self) -> None:
        """Schedule the first payment."""
        super().begin()
        self._discovery = AgentDiscovery(self.host.shared, self.clock.now, warn=self.log.warning)
        self._decisions = self.stream("decisions")
        # Payments on command do not change the scheduled ones.
        self._commanded = self.stream("commanded")
        self._mistakes = self.stream("mistakes")
        self._order_numbers = self.host.numbers(f"{self.name}'s orders")
        self._asked = self.host.retained(self.name, _Asked)
        self._origin = self.config.draw_origin(self.host.now(), self.host.plan.time_zero, self._decisions)
        self.schedule_first()

    def schedule_first(self) -> None:
        """Wait for the invoice of an order from an earlier life, or schedule the first payment."""
        if self._asked.order is None:
            super().schedule_first()
        else:
            self.after(_INVOICE_TIMEOUT, self.forget_order, self._asked.order.number)

    def next_due(self, last: int) -> int:
        """Return the next point of its interval, or of the minutes that its frequency draws."""
        return self.config.next_due(last, self._origin, self.host.plan.time_zero, self._decisions)

    def pay(self) -> None:
        """Choose recipients and amounts, and pay or order."""
        if self.is_over():
            return
        try:
            if self.config.orders:
                self._order()
                return
            payment = self._choose_payment(self.rng)
        except AgentDiscoveryError as error:
            self.skip(f"found nobody to pay: {error}")
        else:
            self.attempt(payment, first=True)

    @handles(SendNow)
    def on_send_now(self, wish: SendNow) -> Transferred:
        """Pay now."""
        if wish.to:
            amount = self.config.draw_amount(self._commanded)
            address = self._discovery.get_addresses(wish.to)[0]
            payment = Payment(wish.to, (Destination(address, amount),))
        else:
            payment = self._choose_payment(self._commanded)
        destinations = payment.destinations
        if wish.amount is not None:
            destinations = tuple(Destination(to.address, int(wish.amount)) for to in destinations)
        try:
            sent = self.ask(self.host.actor("wallet"), Transfer(destinations, self.config.priority))
        except RpcDoubtfulError as error:
            self.doubt(destinations, error, "commanded")
            raise
        self.follow(sent, payment.recipients, tuple(to.address for to in destinations), "commanded")
        return sent

    @receives(Invoice)
    def on_invoice(self, invoice: Invoice, _: str) -> None:
        """Pay for its order."""
        if self._is_answered(invoice.number):
            due = invoice.due if self.config.on_expired_invoice == "skip" else None
            mistake = self._mistakes.random()
            short = mistake < self.config.underpay_probability
            twice = not short and mistake < self.config.underpay_probability + self.config.double_pay_probability
            amount = max(1, invoice.amount // 2) if short else invoice.amount
            destinations = (Destination(invoice.address, amount),)
            self.attempt(Payment(invoice.vendor, destinations, due, times=2 if twice else 1), first=True)

    @receives(Refusal)
    def on_refusal(self, refusal: Refusal, marketplace: str) -> None:
        """Record the refusal and schedule the next payment."""
        if self._is_answered(refusal.number):
            self.skip(f"{marketplace} refused its order: {refusal.reason}")

    def forget_order(self, number: int) -> None:
        """Stop waiting for an invoice."""
        if self._is_answered(number):
            self.skip(f"no invoice has come for order {number}")

    def _is_answered(self, number: int) -> bool:
        """Return whether this is the order it waits for, and stop waiting if so."""
        if self._asked.order is None or self._asked.order.number != number:
            return False
        self._asked.order = None
        return True

    def _order(self) -> None:
        """Order as many of an item as a drawn amount buys, at least one.

        Raises:
            AgentDiscoveryError: No marketplace takes orders.
        """
        vendors = [vendor for vendor in self._vendors() if vendor.items]
        if not vendors:
            raise AgentDiscoveryError("no marketplace takes orders")
        vendor = self.rng.choice(vendors)
        item = self.rng.choice(vendor.items)
        quantity = max(1, self.config.draw_amount(self.rng) // item.price)
        order = Order(next(self._order_numbers), self.name, vendor.id, item.name, quantity)
        self._asked.order = order
        self.send(vendor.marketplace, vendor.actor, order)
        price = format_amount(item.price)
        self.log.debug("orders {} of {} at {} from {}", quantity, item.name, price, vendor.id)
        self.after(_INVOICE_TIMEOUT, self.forget_order, order.number, same_cause=True)

    def _choose_payment(self, rng: Rng) -> Payment:
        """Choose recipients and amounts.

        Args:
            rng: The random numbers that decide.

        Raises:
            AgentDiscoveryError: There is nobody, or a chosen one's address is not known yet.
        """
        candidates, most = self._candidates()
        chosen: list[Vendor] = []
        destinations: list[Destination] = []
        for _ in range(min(self.config.destinations, most)):
            known = {self.host.name, *(one.id for one in chosen)}
            other = rng.choice(candidates)
            while other.id in known:
                other = rng.choice(candidates)
            if isinstance(other, Agent):
                other = Vendor(other.id, self._discovery.get_addresses(other.id)[0])
            chosen.append(other)
            destinations.append(Destination(other.address, self.config.draw_amount(rng)))
        return Payment(", ".join(one.id for one in chosen), tuple(destinations))

    def _candidates(self) -> tuple[list[Vendor | Agent], int]:
        """Return the possible recipients; users including itself, where it is one.

        Returns:
            The candidates, and their number without itself.

        Raises:
            AgentDiscoveryError: There is nobody.
        """
        wanted = self.config.recipients
        vendors = [] if wanted == "users" else self._vendors()
        if vendors and wanted != "any":
            return [*vendors], len(vendors)
        if wanted == "marketplaces":
            raise AgentDiscoveryError("there is no marketplace")
        users = self._discovery.get_agents_with(USER)
        others = len(users) - (USER in self._discovery.get_agent(self.host.name).actors)
        if not vendors and not others:
            raise AgentDiscoveryError(
                "there is no other user" if wanted == "users" else "there is no marketplace and no other user"
            )
        return [*vendors, *users], len(vendors) + others

    def _vendors(self) -> list[Vendor]:
        """Return the vendors of all marketplaces but its own."""
        vendors = self._discovery.get_marketplace_addresses()
        return [vendor for vendor in vendors if vendor.marketplace != self.host.name]
