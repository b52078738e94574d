"""An actor of the scenario directed.toml: reacts to what happens, at its own host and at others."""

from collections import Counter
from typing import Annotated, ClassVar

from msgspec import Meta

from actors.host.node_proxy import GetLastBlockHeader
from monerosim.agent.actor import receives
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.commands import CommandLetter, ResultLetter
from monerosim.config import PARTICIPANT, Amount, Config, amount
from monerosim.events import BlockFound, CommandExecuted, IncomingPayment, NewBlock, OrderChanged
from monerosim.units import format_amount


class StewardConfig(Config, frozen=True):
    """What a scenario may say about a steward."""

    debtor: Annotated[str, Meta(extra=PARTICIPANT, description="Who is told to pay it.")]
    market: Annotated[str, Meta(extra=PARTICIPANT, description="The marketplace whose orders it counts.")]
    orchestrator: Annotated[str, Meta(extra=PARTICIPANT, description="Who passes on its command.")]
    debt: Annotated[Amount, Meta(description="What the debtor is told to pay.")] = amount("1 XMR")
    blocks: Annotated[int, Meta(ge=1, description="How many blocks it waits before it asks for that.")] = 6


class Steward(Behaviour[StewardConfig]):
    """Calls in a debt at a height, sees the payment come, and counts what happens elsewhere."""

    needs: ClassVar[frozenset[str]] = frozenset({"node", "wallet"})

    def begin(self) -> None:
        """Say what it wants to know."""
        self._blocks = 0
        self._payments: list[int] = []
        self._orders: Counter[str] = Counter()
        self._miners: Counter[str] = Counter()
        self._commands: Counter[str] = Counter()
        self._results: list[str] = []
        # Its own host's events: the proxies look for them as long as somebody wants to know.
        self.on(NewBlock, self.on_block)
        self.on(IncomingPayment, self.on_payment, interval=5)
        # Another host's, and all hosts', which the orchestrator passes on.
        self.on(OrderChanged, self.on_order, of=self.config.market)
        self.on(BlockFound, self.on_found, of="*")
        self.on(CommandExecuted, self.on_command, of="*")
        tip = self.ask(self.host.actor("node"), GetLastBlockHeader())
        self.at_height(tip.height + self.config.blocks, self.call_in)

    def on_block(self, block: NewBlock) -> None:
        """Count a block of its node."""
        self._blocks += 1
        self.log.info("its node has block {}", block.height, block=block.hash)

    def call_in(self) -> None:
        """Have the debtor pay; the answer is a letter."""
        order = CommandLetter(
            do="send-now",
            who=self.config.debtor,
            arguments={"to": self.host.name, "amount": format_amount(self.config.debt)},
            id="debt",
            reply=self.name,
        )
        self.send(self.config.orchestrator, "orchestrator", order)

    @receives(ResultLetter)
    def on_result(self, result: ResultLetter, _: str) -> None:
        """Note what became of its command."""
        self._results.append(f"{'done' if result.ok else 'failed'}: {result.text}")
        self.log.info("its command is answered: {}", result.text)

    def on_payment(self, payment: IncomingPayment) -> None:
        """Note a payment when it is in a block; it has been told before, in the txpool."""
        if payment.height:
            self._payments.append(payment.amount)
            self.log.info("has {} in block {}", format_amount(payment.amount), payment.height, txid=payment.txid)

    def on_order(self, order: OrderChanged) -> None:
        """Count an order of the marketplace."""
        self._orders[order.state] += 1

    def on_found(self, block: BlockFound) -> None:
        """Count a block by its miner."""
        self._miners[block.miner] += 1

    def on_command(self, executed: CommandExecuted) -> None:
        """Count a command by who executed it: `self.origin` is whose event it is."""
        self._commands[f"{self.origin.partition('/')[0]}: {executed.command}"] += 1

    def end(self) -> None:
        """Publish what it saw: shared/steward.json in the run's directory."""
        self.host.shared.replace(
            "steward.json",
            {
                "blocks": self._blocks,
                "payments": self._payments,
                "orders": dict(sorted(self._orders.items())),
                "miners": dict(sorted(self._miners.items())),
                "commands": dict(sorted(self._commands.items())),
                "results": self._results,
            },
        )
