"""Nodes that keep to themselves what they should pass on: stems (a black hole), or public transactions."""

from typing import Annotated, ClassVar

from msgspec import Meta

from monerosim.agent.behaviour import Behaviour
from monerosim.agent.conditions import Condition, ConditionError, Silence, Unsilence
from monerosim.config import Config, Duration


class SilentConfig(Config, frozen=True):
    """Settings of a node that keeps something to itself."""

    until: Annotated[
        Duration | None, Meta(description="When it passes on again, since the scenario's time zero; never if left out.")
    ] = None


class Silent(Behaviour[SilentConfig]):
    """Keeps to itself what :attr:`kept` says; what its own wallet sends as well."""

    kept: ClassVar[tuple[str, ...]]
    """``stems``, ``transactions`` or both, as :class:`monerosim.agent.conditions.Silence` has it."""

    needs: ClassVar[frozenset[str]] = frozenset({"node"})
    default_node: ClassVar[bool] = True
    changes: ClassVar[tuple[type[Condition], ...]] = (Silence, Unsilence)
    immutable_settings: ClassVar[frozenset[str]] = frozenset({"until"})

    def begin(self) -> None:
        """Fall silent, and plan the end of it."""
        self.rejoin()
        if self.config.until is not None:
            self.after(max(0.0, self.config.until.seconds - self.clock.now()), self.leave)

    def leave(self) -> None:
        """Pass on again; also while it is paused."""
        self._change(Unsilence)

    def rejoin(self) -> None:
        """Fall silent, if it is time; after a pause too."""
        until = self.config.until
        if until is None or until.seconds > self.clock.now():
            self._change(Silence)

    def _change(self, kind: type[Silence] | type[Unsilence]) -> None:
        try:
            for what in self.kept:
                self.change_network(kind(what=what))
        except ConditionError as error:
            self.log.warning("{}", error)


class BlackHole(Silent):
    """Takes stems and drops them, so that those who had them before wait for their embargoes.

    It would make a stem public where it ends one, so it keeps public transactions, too.
    """

    Config: ClassVar[type[Config]] = SilentConfig
    kept: ClassVar[tuple[str, ...]] = ("stems", "transactions")


class TransactionWithholder(Silent):
    """Takes public transactions and tells nobody; its blocks have them all the same."""

    Config: ClassVar[type[Config]] = SilentConfig
    kept: ClassVar[tuple[str, ...]] = ("transactions",)
