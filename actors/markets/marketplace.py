"""The marketplace: vendors with an address and items each, their orders and payments."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from actors.host.wallet_proxy import OVERLAP, CreateAddress, CreateIntegratedAddress, GetAddresses, GetTransfers
from actors.markets.orders import Invoice, OpenOrder, Order, Refusal
from monerosim.agent.actor import handles, receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.messages import AwaitChange, WalletChanged
from monerosim.config import POSITIVE, Amount, Config, Duration, Key, amount, duration
from monerosim.events import Event, OrderChanged, OrderPlaced, OrderState, PaymentReceived, PaymentSeen, VendorTotals
from monerosim.mailbox.discovery import MARKETPLACES, Item, Vendor
from monerosim.rpc.errors import RpcError
from monerosim.rpc.transport import Json
from monerosim.rpc.wallet import TransferEntry
from monerosim.runtime.rng import Rng
from monerosim.units import SECOND, format_amount

_CHECK_INTERVAL = 30 * SECOND
"""Microseconds between two checks, where the engine does not tell when the wallet has changed."""

_VENDOR_BYTES = 500
_ITEM_BYTES = 60
"""At most, in the published list: names of 63 characters, addresses of 106, and prices of 64 bits."""


class MarketplaceConfig(Config, frozen=True):
    """Settings of a marketplace; its wallet's ``addresses`` is the number of vendors."""

    check_interval: Annotated[
        Annotated[Duration, Meta(extra=POSITIVE)] | None,
        Meta(
            description="How often it checks for new payments; if left out, whenever its wallet has seen one on the "
            "engine embedded, and every 30 s on the others."
        ),
    ] = None
    confirmations: Annotated[int, Meta(ge=1, le=720, description="Blocks until a payment counts as received.")] = 1
    items: Annotated[
        int, Meta(ge=0, le=1000, description="How many items each vendor sells; with 0 no orders are taken.")
    ] = 5
    min_price: Annotated[Amount, Meta(description="The least that an item costs.")] = amount("0.1 XMR")
    max_price: Annotated[Amount, Meta(description="The most that an item costs.")] = amount("1 XMR")
    order_address: Annotated[
        Literal["subaddress", "integrated"],
        Meta(
            description="What tells the payments of its orders apart: a subaddress each, or a payment id each, in an "
            "integrated address."
        ),
    ] = "subaddress"
    payment_window: Annotated[
        Duration, Meta(extra=POSITIVE, description="How long an order may wait for its payment.")
    ] = duration("1h")

    def problems(self) -> Iterator[tuple[Sequence[Key], str]]:
        """Yield prices that are no range."""
        if self.min_price <= 0:
            yield ("min_price",), "min_price must be above 0"
        if self.min_price > self.max_price:
            yield ("min_price", "max_price"), "min_price must be above 0 and at most max_price"


class _Tally(msgspec.Struct):
    """A vendor's totals so far."""

    payments: int = 0
    amount: int = 0
    orders: int = 0
    states: dict[str, int] = msgspec.field(default_factory=dict)
    receiving: list[int] = msgspec.field(default_factory=list)
    confirming: list[int] = msgspec.field(default_factory=list)


class _Books:
    """The state of a marketplace that is retained over restarts."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, str], int] = {}
        self.received: set[tuple[str, str]] = set()
        self.height = 0
        self.orders: dict[str, OpenOrder] = {}
        self.integrated: dict[str, str] = {}
        """The integrated addresses of orders, by payment id."""
        self.vendor_of: dict[str, str] = {}
        self.tallies: defaultdict[str, _Tally] = defaultdict(_Tally)


class Marketplace(Behaviour[MarketplaceConfig]):
    """Publishes vendors, takes orders, and records payments seen in the txpool and received in blocks.

    Each order gets a subaddress or an integrated address of its own, which identifies its payments.
    Plain payments to a vendor's published address need no order.
    """

    role: ClassVar[str] = "marketplace"
    unique: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (PaymentSeen, PaymentReceived, OrderPlaced, OrderChanged, VendorTotals)
    needs: ClassVar[frozenset[str]] = frozenset({"wallet"})
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"items", "min_price", "max_price"})
    default_wallet: ClassVar[bool] = True

    @classmethod
    def published_bytes(cls, config: MarketplaceConfig, addresses: int) -> int:
        """Return how long the list of vendors and their items is at most."""
        return addresses * (_VENDOR_BYTES + config.items * _ITEM_BYTES)

    def begin(self) -> None:
        """Publish the vendors."""
        addresses = self.ask(self.host.actor("wallet"), GetAddresses())
        self._vendors = {vendor.id: vendor for vendor in self._make_vendors(addresses)}
        self._books = self.host.retained(self.name, _Books)
        self._books.vendor_of.update((vendor.address, vendor.id) for vendor in self._vendors.values())
        for address, order in self._books.orders.items():
            if not order.closed:
                self.after(max(0.0, order.due / SECOND - self.clock.now()), self.close, address)
        self._order_numbers = self.host.numbers(f"{self.name}'s orders")
        self._confirming: int | None = None
        """The height of the block that confirms the next payment, as far as is known."""
        vendors: list[Json] = [msgspec.to_builtins(vendor) for vendor in self._vendors.values()]
        self.host.shared.replace(f"{MARKETPLACES}/{self.host.name}.json", {"vendors": vendors})
        self.log.info("{} vendors take payments", len(addresses))
        self._await_payments()

    def end(self) -> None:
        """Record the vendors' totals."""
        for vendor in self._vendors:
            tally = self._books.tallies.get(vendor)
            if tally is None:
                continue
            totals = VendorTotals(
                vendor=vendor,
                payments=tally.payments,
                amount=tally.amount,
                orders=tally.orders,
                states=dict(sorted(tally.states.items())),
                mean_time_to_receive=_mean(tally.receiving),
                mean_time_to_confirm=_mean(tally.confirming),
            )
            self.emit(totals)

    @receives(Order)
    def on_order(self, order: Order, buyer: str) -> None:
        """Take an order, and answer with an invoice or a refusal."""
        self.send(buyer, order.actor, self._take(buyer, order))

    def configured(self, before: MarketplaceConfig) -> None:
        """Wait by the interval that holds from now on."""
        if self.config.check_interval != before.check_interval:
            self._await_payments()

    @handles(WalletChanged)
    def on_wallet_changed(self, _: WalletChanged) -> None:
        """Check for new payments."""
        try:
            self._look()
        except RpcError as error:
            self.log.warning("cannot check its payments: {}", error)
            self._await_payments(failed=True)
        else:
            self._await_payments()

    def _await_payments(self, *, failed: bool = False) -> None:
        interval = self.config.check_interval
        wish = AwaitChange(
            self.name,
            "pool",
            # The wallet may have scanned that block, and be unable to say so while its node is away.
            height=None if failed else self._confirming,
            interval=_CHECK_INTERVAL if interval is None else int(interval),
            looks=failed or interval is not None,
        )
        self.tell(self.host.actor("wallet"), wish)

    def close(self, address: str) -> None:
        """End an order's payment window: a payment first seen from now on is late."""
        try:
            self._look()
        except RpcError as error:
            self.log.warning("cannot look whether an order was paid: {}", error)
            interval = self.config.check_interval
            seconds = (_CHECK_INTERVAL if interval is None else int(interval)) / SECOND
            self.after(seconds, self.close, address, same_cause=True)
            return
        self._close(self._books.orders[address])

    def _look(self) -> None:
        newest = GetTransfers(("in", "pool"), min_height=max(0, self._books.height - OVERLAP))
        transfers = self.ask(self.host.actor("wallet"), newest)
        wanted = self.config.confirmations
        heights = [entry.height + wanted - 1 for entry in transfers.incoming if entry.confirmations < wanted]
        self._confirming = min(heights, default=None)
        # In the order in which they were made: after a pause there may be many.
        entries = map(self._as_paid, [*transfers.pool, *transfers.incoming])
        for entry in sorted(entries, key=lambda entry: entry.timestamp):
            if entry.height:
                self._receive(entry)
            else:
                self._notice(entry)
            order = self._see(entry)
            if order is not None and entry.height:
                changes = order.mine(entry.txid, entry.amount, entry.confirmations, wanted)
                for state in changes:
                    self._change(order, state, entry.txid)

    def _as_paid(self, entry: TransferEntry) -> TransferEntry:
        """Return an entry with the address that was paid; that of an integrated one is the wallet's first."""
        address = self._books.integrated.get(entry.payment_id)
        return entry if address is None else msgspec.structs.replace(entry, address=address)

    def _make_vendors(self, addresses: tuple[str, ...]) -> list[Vendor]:
        prices = Rng(self.host.stream_seed(self.name, "prices"))
        width = max(3, len(str(self.config.items)))
        return [
            Vendor(
                id=f"{self.host.name}/vendor-{number:03d}",
                address=address,
                items=tuple(
                    Item(f"item-{item:0{width}d}", prices.integer(self.config.min_price, self.config.max_price))
                    for item in range(1, self.config.items + 1)
                ),
                marketplace=self.host.name,
                actor=self.name,
            )
            for number, address in enumerate(addresses, 1)
        ]

    def _take(self, buyer: str, wanted: Order) -> Invoice | Refusal:
        vendor = self._vendors.get(wanted.vendor)
        items = () if vendor is None else vendor.items
        item = next((item for item in items if item.name == wanted.item), None)
        if vendor is None or item is None or wanted.quantity < 1:
            self.log.warning("refuses {} of {} from {} to {}", wanted.quantity, wanted.item, wanted.vendor, buyer)
            return Refusal(wanted.number, f"{wanted.vendor} does not sell {wanted.quantity} of {wanted.item}")
        name = f"{self.host.name}/order-{next(self._order_numbers)}"
        try:
            address = self._new_address(name)
        except RpcError as error:
            self.log.warning("cannot take an order from {}: {}", buyer, error)
            return Refusal(wanted.number, f"the marketplace has no address for it: {error}")
        placed = self.clock.microseconds()
        amount, due = item.price * wanted.quantity, placed + self.config.payment_window
        self._books.orders[address] = OpenOrder(
            name, vendor=vendor.id, amount=amount, due=due, placed=placed, cause=self.cause
        )
        self._books.vendor_of[address] = vendor.id
        self._books.tallies[vendor.id].orders += 1
        self.emit(OrderPlaced(name, buyer, vendor.id, item.name, wanted.quantity, amount, address, due))
        self.log.info("{} orders {} of {}, {}", buyer, wanted.quantity, item.name, format_amount(amount), order=name)
        # Exactly at its end, so that no payment in time counts as late.
        self.after(self.config.payment_window.seconds, self.close, address, same_cause=True)
        return Invoice(wanted.number, name, vendor.id, address, amount, due)

    def _new_address(self, order: str) -> str:
        """Return an address of its own for an order.

        Raises:
            RpcError: The wallet does not give any.
        """
        wallet = self.host.actor("wallet")
        if self.config.order_address == "subaddress":
            return self.ask(wallet, CreateAddress(order))
        made = self.ask(wallet, CreateIntegratedAddress())
        self._books.integrated[made.payment_id] = made.integrated_address
        return made.integrated_address

    def _see(self, entry: TransferEntry) -> OpenOrder | None:
        """Record a payment in the txpool or in a block for its order."""
        order = self._books.orders.get(entry.address)
        if order is not None:
            # The time of its block, or when the wallet first saw it in the txpool; not that of this check.
            if self.clock.of_unix(entry.timestamp) > order.due:
                self._close(order)
            for state in order.see(entry.txid, entry.amount):
                self._change(order, state, entry.txid)
        return order

    def _close(self, order: OpenOrder) -> None:
        for state in order.close():
            self._change(order, state, "")

    def _notice(self, entry: TransferEntry) -> None:
        key = entry.txid, entry.address
        if key not in self._books.seen:
            self._books.seen[key] = self.host.now()
            self.emit(PaymentSeen(entry.txid, entry.address, entry.amount))
            self.log.debug("payment of {} seen in the txpool", format_amount(entry.amount), txid=entry.txid)

    def _receive(self, entry: TransferEntry) -> None:
        key = entry.txid, entry.address
        if key in self._books.received or entry.confirmations < self.config.confirmations:
            return
        self._books.received.add(key)
        self._books.height = max(self._books.height, entry.height)
        self.emit(PaymentReceived(entry.txid, entry.address, entry.amount, entry.height))
        self.log.info(
            "received {} in block {}", format_amount(entry.amount), entry.height, txid=entry.txid, address=entry.address
        )
        vendor = self._books.vendor_of.get(entry.address)
        if vendor is not None:
            tally = self._books.tallies[vendor]
            tally.payments += 1
            tally.amount += entry.amount
            if key in self._books.seen:
                tally.receiving.append(self.host.now() - self._books.seen[key])

    def _change(self, order: OpenOrder, state: OrderState, txid: str) -> None:
        waited = self.clock.microseconds() - order.placed
        tally = self._books.tallies[order.vendor]
        tally.states[state] = tally.states.get(state, 0) + 1
        if state == "confirmed":
            tally.confirming.append(waited)
        what = {"order": order.order} | ({"txid": txid} if txid else {})
        paid, amount = format_amount(order.paid), format_amount(order.amount)
        with self.because_of(order.cause):
            self.emit(OrderChanged(order.order, state, txid, order.paid, waited))
            self.log.info("order is {}: {} of {}", state, paid, amount, waited=f"{waited / SECOND:.0f} s", **what)


def _mean(times: list[int]) -> int:
    return sum(times) // len(times) if times else 0
