"""Behaviours: the actors that participants are composed of."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, cast, get_args, get_origin

import pykka

from monerosim.agent.actor import Actor, error_text, handles
from monerosim.agent.conditions import Condition
from monerosim.agent.host import Host
from monerosim.agent.messages import (
    Configure,
    Execute,
    Executed,
    IncomingLetter,
    Message,
    Pause,
    ProcessNext,
    Resume,
    TimerFired,
    TracedMessage,
)
from monerosim.config import Config as BaseConfig
from monerosim.events import Event, NewBlock
from monerosim.plan.crowds import CrowdSize

if TYPE_CHECKING:
    import typing_extensions

    C = typing_extensions.TypeVar("C", bound=BaseConfig, default=Any)
else:
    # No default before Python 3.13; only type checkers ask for it.
    C = TypeVar("C", bound=BaseConfig)


class _Absent:
    """Whether a command has made an actor leave, in this life or an earlier one, and none has made it rejoin."""

    so = False


class Behaviour(Actor, Generic[C]):
    """What a participant is composed of, configured by the scenario; its parameter is its configuration's class.

    .. code-block:: python

        class SaverConfig(Config, frozen=True):
            \"\"\"What a scenario may say about a saver.\"\"\"

            interval: Duration = duration("1h")

        class Saver(Behaviour[SaverConfig]):
            \"\"\"Logs what its wallet holds.\"\"\"

            needs = frozenset({"wallet"})

            def begin(self) -> None:
                self.every(self.config.interval.seconds, self.look)

            def look(self) -> None:
                held = self.ask(self.host.actor("wallet"), GetBalance())
                self.log.info("holds {}", format_amount(held.balance))

    What it is, and what follows from its configuration, it declares by class attributes and class methods: they are
    asked before a run, where there are no actors yet.

    Args:
        host: The participant.
        name: Unique in the host.
        config: An instance of the class's :attr:`Config`.
    """

    Config: ClassVar[type[BaseConfig]] = BaseConfig
    """What the scenario may say about it: the class's parameter."""

    config: C

    role: ClassVar[str] = ""
    """What it is, such as one of :mod:`monerosim.plan.roles`. Others know it by this, whatever its class is called."""

    unique: ClassVar[bool] = False
    """Whether a participant has its role by one behaviour alone."""

    autonomous: ClassVar[bool] = False
    """Of a miner: whether it finds blocks by itself, so that no block controller gives it any."""

    solo_behaviour: ClassVar[str] = ""
    """Of a block controller: the behaviour that solo miners get besides (:meth:`solo_below`), in its defaults; an
    installed one's name, or ``./FILE.py:CLASS``."""

    needs: ClassVar[frozenset[str]] = frozenset()
    """What the participant must have: ``node`` (own or another's), ``wallet``."""

    default_node: ClassVar[bool] = False
    """Whether ``kind = "NAME"`` gives the participant a node of its own."""

    default_wallet: ClassVar[bool] = False
    """Whether ``kind = "NAME"`` gives the participant a wallet."""

    emits: ClassVar[tuple[type[Event], ...]] = ()
    """The kinds of events it records, as ``monerosim plugins NAME`` lists them."""

    changes: ClassVar[tuple[type[Condition], ...]] = ()
    """The conditions of the network that it brings about; a scenario whose engine cannot do that is refused."""

    commands: ClassVar[Mapping[str, type[Message[Any]]]] = {}
    """The commands it understands beside those of every behaviour: a message each, whose fields are the arguments."""

    immutable_settings: ClassVar[frozenset[str]] = frozenset()
    """Keys of its configuration that count when it begins and never again, so that ``set`` refuses them."""

    essential: ClassVar[bool] = False
    """Whether a run is pointless without it, so that it ends when the actor is given up."""

    urgent_letters: ClassVar[frozenset[str]] = frozenset()
    """Kinds of letters that it handles even while it is paused."""

    def __init__(self, host: Host, name: str, config: C) -> None:
        super().__init__(host, name)
        self.config = config
        self._paused = False
        self._held: deque[object] = deque()
        self._absent = host.retained(name, _Absent)
        self._heights: list[tuple[int, str]] = []

    def __init_subclass__(cls, **options: object) -> None:
        """Take the configuration from the class's parameter."""
        super().__init_subclass__(**options)
        for base in vars(cls).get("__orig_bases__", ()):
            origin = get_origin(base)
            if isinstance(origin, type) and issubclass(origin, Behaviour):
                kind = get_args(base)[0]
                # One that is still open has the least that it can be.
                cls.Config = kind.__bound__ or BaseConfig if isinstance(kind, TypeVar) else kind

    @classmethod
    def hashrate(cls, config: C) -> float:
        """Return a miner's hashrate; 0 for what has none.

        That of an autonomous miner is percent of the pace that ``block_time`` sets, that of others their weight among
        the miners that a block controller gives blocks to.
        """
        del config
        return 0.0

    @classmethod
    def payments_per_second(cls, config: C) -> float:
        """Return how many payments it means to make a second, on average; 0 for what pays nobody by itself."""
        del config
        return 0.0

    @classmethod
    def paying_hours(cls, config: C) -> tuple[float, ...]:
        """Return how its payments are spread over a day: 24 weights, from time zero on; none if evenly."""
        del config
        return ()

    @classmethod
    def paying_until(cls, config: C) -> int | None:
        """Return when it stops to pay, in microseconds since the scenario's time zero; None for the scenario's end."""
        del config
        return None

    @classmethod
    def crowd(cls, config: C) -> CrowdSize | None:
        """Return how many users' wallets it keeps by itself; None for what has at most its participant's wallet.

        A scenario whose engine has no such wallets is refused (:attr:`monerosim.engine.Engine.crowds`).
        """
        del config
        return None

    @classmethod
    def published_bytes(cls, config: C, addresses: int) -> int:
        """Return how long the one document that it publishes is at most, in bytes of JSON.

        A scenario in which that is more than :data:`monerosim.mailbox.shared.MAX_DOCUMENT` is refused.

        Args:
            config: Its configuration.
            addresses: How many its wallet has.
        """
        del config, addresses
        return 0

    @classmethod
    def solo_below(cls, config: C, hashrates: Sequence[float]) -> float:
        """Return a block controller's limit for solo miners, who are users as well: their hashrate is below it.

        Args:
            config: The controller's.
            hashrates: Of all miners that it gives blocks to.
        """
        del config, hashrates
        return 0.0

    def leave(self) -> None:
        """Stop taking part: a command has paused it, in this life or the last, or is about to stop it."""

    def rejoin(self) -> None:
        """Take part again, after :meth:`leave`: that of an earlier life, where it was stopped and is started again."""

    @classmethod
    def on_given_up(cls, supervisor: Actor, name: str) -> None:
        """Withdraw what an actor of this class has published: it failed too often, and is not restarted.

        Args:
            supervisor: The supervisor of its host, which acts in its place.
            name: The actor's.
        """

    def configured(self, before: C) -> None:
        """Apply a change of :attr:`config` by a command; timers that are set already keep their times.

        Args:
            before: The configuration before.

        Raises:
            ValueError: The new one cannot be used; it keeps the old one.
        """

    def at_height(self, height: int, method: Callable[[], None]) -> None:
        """Call one of this actor's own methods once, when the host's node has a new block at a height or above."""
        self._heights.append((height, method.__name__))
        self.on(NewBlock, self.reach)

    def reach(self, block: NewBlock) -> None:
        """Call the methods that wait for a height."""
        due = [method for height, method in self._heights if height <= block.height]
        self._heights = [waiting for waiting in self._heights if waiting[0] > block.height]
        for method in due:
            getattr(self, method)()

    def on_receive(self, message: object) -> object:
        """Handle a message, or keep it while the actor is paused and until earlier ones have been handled."""
        if isinstance(message, ProcessNext):
            self._go_on()
        elif (self._paused or self._held) and self._waits(message):
            self._held.append(message)
        else:
            return super().on_receive(message)
        return None

    @handles(Pause)
    def on_pause(self, _: Pause) -> None:
        """Pause."""
        if not self._paused:
            self.leave()
            self._paused = self._absent.so = True

    @handles(Resume)
    def on_resume(self, _: Resume) -> None:
        """Resume, beginning with what has come meanwhile."""
        if self._absent.so:
            self.rejoin()
            self._absent.so = False
        if self._paused:
            self._paused = False
            self._go_on_later()

    @handles(Execute)
    def on_execute(self, order: Execute) -> None:
        """Handle the message of a command, and answer the supervisor."""
        try:
            done = Executed(order.number, self._handle(order.message))
        except Exception as error:  # noqa: BLE001  (whatever it raises is the answer, as if it had been asked)
            self.log.debug("could not carry out a command: {}", error)
            done = Executed(order.number, error=error_text(error) or type(error).__name__)
        # At the end of a run the supervisor may have stopped.
        with suppress(pykka.ActorDeadError):
            self.tell(self.host.actor("supervisor"), done)

    @handles(Configure)
    def on_configure(self, message: Configure) -> None:
        """Use another configuration from now on."""
        before, self.config = self.config, cast("C", message.config)
        try:
            self.configured(before)
        except Exception:
            self.config = before
            raise

    def _go_on(self) -> None:
        if self._held and not self._paused:
            message = self._held.popleft()
            self._go_on_later()
            super().on_receive(message)

    def _go_on_later(self) -> None:
        # One at a time, so that a failure belongs to the message that caused it.
        if self._held:
            self.actor_ref.tell(ProcessNext())

    def _waits(self, message: object) -> bool:
        if not isinstance(message, TracedMessage):
            return isinstance(message, TimerFired)
        mail = message.message
        return mail.deferrable and not (isinstance(mail, IncomingLetter) and mail.kind in self.urgent_letters)
