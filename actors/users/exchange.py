"""The exchange: deposits that are credited at so many confirmations, and withdrawals that are paid in batches."""

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from actors.host.wallet_proxy import OVERLAP, CreateAddress, GetTransfers, Transfer
from actors.users.payer import Sender, SenderConfig
from monerosim.agent.actor import receives
from monerosim.agent.messages import Letter
from monerosim.config import POSITIVE, Amount, Duration, amount, duration
from monerosim.events import (
    DepositCredited,
    DepositRefunded,
    Event,
    WithdrawalPaid,
    WithdrawalRefused,
    WithdrawalRequested,
)
from monerosim.monero.constants import MAX_RECIPIENTS
from monerosim.rpc.errors import RpcDoubtfulError, RpcError
from monerosim.rpc.wallet import Destination
from monerosim.units import format_amount

EXCHANGE = "exchange"
"""The role of exchanges."""


class OpenAccount(Letter, frozen=True):
    """To an exchange: open an account."""

    kind: ClassVar[str] = "open-account"
    actor: str
    """The customer's actor that gets the letters."""
    address: str
    """Where refunds and withdrawals go."""


class Account(Letter, frozen=True):
    """From an exchange: where deposits go."""

    kind: ClassVar[str] = "account"
    address: str


class Credited(Letter, frozen=True):
    """From an exchange: a deposit has been credited."""

    kind: ClassVar[str] = "credited"
    amount: int
    balance: int
    """What the exchange owes the customer now, atomic units."""


class Withdraw(Letter, frozen=True):
    """To an exchange: pay out."""

    kind: ClassVar[str] = "withdraw"
    number: int
    """The customer's number of the withdrawal."""
    amount: int


class ExchangeConfig(SenderConfig, frozen=True):
    """Settings of an exchange."""

    deposit_confirmations: Annotated[int, Meta(ge=1, le=720, description="Blocks until a deposit is credited.")] = 10
    least_deposit: Annotated[Amount, Meta(description="What is less is sent back.")] = amount("0.1 XMR")
    deposit_interval: Annotated[Duration, Meta(extra=POSITIVE, description="How often it looks for deposits.")] = (
        duration("60s")
    )
    batch_interval: Annotated[
        Duration,
        Meta(extra=POSITIVE, description="How often withdrawals and refunds are paid, up to 15 in a transaction."),
    ] = duration("10m")


class _Due(msgspec.Struct, frozen=True):
    """A payment that the exchange has to make."""

    customer: str
    address: str
    amount: int
    number: int | None
    """Of the withdrawal; None for a refund."""


class _Customer(msgspec.Struct):
    """An account."""

    name: str
    actor: str
    address: str
    deposits: str
    balance: int = 0


class _Books:
    """The state of an exchange that is retained over restarts."""

    def __init__(self) -> None:
        self.customers: dict[str, _Customer] = {}
        self.seen: set[tuple[str, str]] = set()
        self.height = 0
        self.due: list[_Due] = []


class Exchange(Sender[ExchangeConfig]):
    """Gives each customer a subaddress for deposits, and pays withdrawals and refunds in batches.

    A batch for which coins are locked waits for the next.
    """

    role: ClassVar[str] = EXCHANGE
    unique: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (
        *Sender.emits,
        DepositCredited,
        DepositRefunded,
        WithdrawalRequested,
        WithdrawalRefused,
        WithdrawalPaid,
    )

    def begin(self) -> None:
        """Look for deposits and pay periodically."""
        self._books = self.host.retained(self.name, _Books)
        self.every(lambda: self.config.deposit_interval.seconds, self.look)
        self.every(lambda: self.config.batch_interval.seconds, self.pay)

    @receives(OpenAccount)
    def on_open(self, wish: OpenAccount, name: str) -> None:
        """Open an account, or say again where its deposits go."""
        customer = self._books.customers.get(name)
        if customer is None:
            try:
                deposits = self.ask(self.host.actor("wallet"), CreateAddress(name))
            except RpcError as error:
                self.log.warning("cannot open an account for {}: {}", name, error)
                return
            customer = self._books.customers[name] = _Customer(name, wish.actor, wish.address, deposits)
        self.send(name, wish.actor, Account(customer.deposits))

    @receives(Withdraw)
    def on_withdraw(self, wish: Withdraw, name: str) -> None:
        """Queue a withdrawal that the customer's balance covers."""
        self.emit(WithdrawalRequested(name, wish.number, wish.amount))
        customer = self._books.customers.get(name)
        if customer is None or not 0 < wish.amount <= customer.balance:
            self.emit(WithdrawalRefused(name, wish.number, wish.amount))
            return
        customer.balance -= wish.amount
        self._books.due.append(_Due(name, customer.address, wish.amount, wish.number))

    def look(self) -> None:
        """Credit the deposits that have their confirmations."""
        books = self._books
        wanted = GetTransfers(("in",), min_height=max(0, books.height - OVERLAP))
        try:
            incoming = self.ask(self.host.actor("wallet"), wanted).incoming
        except RpcError as error:
            self.log.warning("cannot look for deposits: {}", error)
            return
        accounts = {it.deposits: it for it in books.customers.values()}
        for entry in sorted(incoming, key=lambda it: (it.height, it.txid)):
            customer, key = accounts.get(entry.address), (entry.txid, entry.address)
            if customer is None or key in books.seen or entry.confirmations < self.config.deposit_confirmations:
                continue
            books.seen.add(key)
            books.height = max(books.height, entry.height)
            if entry.amount < self.config.least_deposit:
                books.due.append(_Due(customer.name, customer.address, entry.amount, None))
                continue
            customer.balance += entry.amount
            self.emit(DepositCredited(customer.name, entry.txid, entry.amount))
            self.log.info("credits {} with {}", customer.name, format_amount(entry.amount), txid=entry.txid)
            self.send(customer.name, customer.actor, Credited(entry.amount, customer.balance))

    def pay(self) -> None:
        """Pay what is due, the oldest first, in one transaction."""
        batch = self._books.due[:MAX_RECIPIENTS]
        if not batch or self.is_over():
            return
        destinations = tuple(Destination(due.address, due.amount) for due in batch)
        try:
            sent = self.ask(self.host.actor("wallet"), Transfer(destinations, self.config.priority))
        except RpcDoubtfulError as error:
            # Paid twice would be worse than paid late by hand.
            del self._books.due[: len(batch)]
            self.doubt(destinations, error, "commanded")
            return
        except RpcError as error:
            self.log.warning("{} withdrawals and refunds wait: {}", len(batch), error)
            return
        del self._books.due[: len(batch)]
        names = ", ".join(due.customer for due in batch)
        self.follow(sent, names, tuple(to.address for to in destinations), "commanded")
        for due in batch:
            if due.number is None:
                self.emit(DepositRefunded(due.customer, due.amount, sent.tx_hash))
            else:
                self.emit(WithdrawalPaid(due.customer, due.number, due.amount, sent.tx_hash))
