"""The base of probes: when they look, and how they say what they found."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any, ClassVar, TypeVar

import msgspec
from msgspec import Meta

from monerosim.agent.actor import handles
from monerosim.agent.behaviour import Behaviour
from monerosim.agent.host import Host
from monerosim.agent.messages import Message
from monerosim.config import EVENT, PARTICIPANT, POSITIVE, Config, Duration
from monerosim.events import Event, ProbeFailed, ProbePassed, event_kinds
from monerosim.rpc.client import RpcClient
from monerosim.rpc.errors import RpcError
from monerosim.rpc.node import NodeRpc
from monerosim.rpc.wallet import WalletRpc

MOST_EVIDENCE = 10
"""Sentences of evidence that are recorded; the log has all."""


class ProbeConfig(Config, frozen=True):
    """Settings of every probe; it looks at the end of the run in any case."""

    at: Annotated[tuple[Duration, ...], Meta(description="When it looks, since the scenario's time zero.")] = ()
    interval: Annotated[
        Annotated[Duration, Meta(extra=POSITIVE)] | None, Meta(description="How often it looks besides.")
    ] = None
    on: Annotated[
        tuple[str, ...], Meta(extra=EVENT, description="Events of its host at each of which it looks, as new-block.")
    ] = ()
    who: Annotated[
        tuple[str, ...],
        Meta(extra=PARTICIPANT, description="Participants or groups that it looks at; all, if left out."),
    ] = ()
    fail_run: Annotated[
        bool, Meta(description="Whether the run counts as failed (exit code 3) if it finds something wrong.")
    ] = False


P = TypeVar("P", bound=ProbeConfig)


class Verdict(msgspec.Struct, frozen=True):
    """What a probe found."""

    passed: bool
    evidence: tuple[str, ...]
    measured: dict[str, float]


class Examine(Message[Verdict], frozen=True):
    """Look now, and record what is found."""


class Probe(Behaviour[P]):
    """A test agent. A subclass yields a sentence for each thing that is not as it should be.

    It asks nodes and wallets by their RPC alone, so that it is the same on every engine.

    .. code-block:: python

        class PoolProbe(Probe[ProbeConfig]):
            \"\"\"Finds nodes whose txpool is not empty.\"\"\"

            def examine(self) -> Iterator[str]:
                for name, node in self.nodes.items():
                    if count := node.get_info().tx_pool_size:
                        yield f"{name} has {count} transactions in its txpool"

    Attributes:
        nodes: The nodes that it looks at, by participant.
        wallets: The wallets that it looks at, likewise.
        measured: What :meth:`examine` measures, for the record; empty when it begins.
    """

    role: ClassVar[str] = "probe"
    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True
    emits: ClassVar[tuple[type[Event], ...]] = (ProbePassed, ProbeFailed)
    commands: ClassVar[Mapping[str, type[Message[Any]]]] = {"examine": Examine}
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"at", "on", "who"})

    def __init__(self, host: Host, name: str, config: P) -> None:
        super().__init__(host, name, config)
        seen = [it for it in host.plan.hosts if not config.who or {it.name, it.group} & set(config.who)]
        # That something does not answer is a finding; to ask again would take seconds for each that is down.
        node, wallet, client = host.environment.node, host.environment.wallet, partial(RpcClient, repeats=False)
        self.nodes = {it.name: NodeRpc(client(node(it.name), self.clock)) for it in seen if it.node}
        self.wallets = {it.name: WalletRpc(client(wallet(it.name), self.clock)) for it in seen if it.wallets}
        self.measured: dict[str, float] = {}
        self._looks = 0

    @abstractmethod
    def examine(self) -> Iterator[str]:
        """Look, and yield a sentence for each thing that is not as it should be.

        Raises:
            RpcError: Something that it needs does not answer, which is a finding too.
        """

    def begin(self) -> None:
        """Plan when to look."""
        now = self.clock.now()
        for when in self.config.at:
            if when.seconds >= now:
                self.after(when.seconds - now, self.look)
        self._plan()
        for tag in self.config.on:
            self.on(event_kinds()[tag], self.on_event)

    def configured(self, before: P) -> None:
        """Apply a new interval."""
        if self.config.interval != before.interval:
            self._plan()

    def end(self) -> None:
        """Look for the last time."""
        self.look()

    def on_event(self, _: Event) -> None:
        """Look, because something has happened."""
        self.look()

    @handles(Examine)
    def on_examine(self, _: Examine) -> Verdict:
        """Look now."""
        return self._look()

    def look(self) -> None:
        """Look, and record what is found."""
        self._look()

    def look_again(self, number: int) -> None:
        """Look after an interval, unless another one has been set since."""
        if number == self._looks:
            self._plan()
            self.look()

    def _plan(self) -> None:
        self._looks += 1
        if self.config.interval is not None:
            self.after(self.config.interval.seconds, self.look_again, self._looks)

    def _look(self) -> Verdict:
        self.measured = {}
        evidence: list[str] = []
        try:
            evidence.extend(self.examine())
        except RpcError as error:
            evidence.append(f"it could not look: {error}")
        verdict = Verdict(not evidence, tuple(evidence[:MOST_EVIDENCE]), self.measured)
        if verdict.passed:
            self.emit(ProbePassed(self.measured))
            self.log.info("all is as it should be", **self.measured)
        else:
            self.emit(ProbeFailed(verdict.evidence, len(evidence), self.measured, self.config.fail_run))
            for sentence in evidence:
                self.log.error("{}", sentence)
        return verdict
