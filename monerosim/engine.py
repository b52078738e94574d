"""What an engine is, and finding one by name."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from inspect import Parameter, isabstract, signature
from pathlib import Path
from typing import ClassVar, Literal, TypeAlias

import msgspec

from monerosim.plan.plan import Plan
from monerosim.plugins import PluginError, Registry
from monerosim.topology import addresses
from monerosim.units import SECOND

GROUP = "monerosim.engines"
"""The entry point group in which a package names its engines."""

State: TypeAlias = Literal["good", "warning", "missing"]


class EngineError(Exception):
    """An engine cannot be had, or cannot play a plan; the message is for the user."""


class Progress(msgspec.Struct, frozen=True):
    """How far a run is."""

    now: int
    """Microseconds since the run's start."""
    height: int
    payments: int
    stuck: str = ""
    """The actor, ``HOST/ACTOR``, that has kept the run from going on for some seconds of real time."""


ProgressCallback: TypeAlias = Callable[[Progress], bool]
"""Called with a run's progress now and then; returns False to stop the run.

While an actor does not let the run go on (:attr:`Progress.stuck`), it is called from another thread."""


class Timings(msgspec.Struct, frozen=True, kw_only=True):
    """How much time the beginning of a run gets: microseconds; the starts count from the run's start."""

    wallet_start: int = 30 * SECOND
    agent_start: int = 60 * SECOND
    controller_start: int = 90 * SECOND
    """When the agent of a block controller is started."""
    settling: int = 30 * SECOND
    """From the last agent's start until everything answers."""
    block_interval: int = 2 * SECOND
    """Between two blocks of the bootstrap."""


class MemoryEstimate(msgspec.Struct, frozen=True):
    """The memory that a run takes at its peak, in bytes."""

    parts: Mapping[str, tuple[int, int]]
    """By what it is taken: how many there are, and bytes each."""

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(count * each for count, each in self.parts.values())


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an engine needs of a machine, as it was found there."""

    name: str
    """Short: ``C compiler``."""
    state: State
    """``warning`` for what does not keep the engine from playing."""
    found: str
    """What is there (version, path), or what is wrong."""
    remedy: str = ""
    """How to get what is missing."""


class Engine(ABC):
    """Plays plans. A package offers one by naming the class in an entry point of the group ``monerosim.engines``.

    Only :meth:`play` has to be defined. One that plays a run on machines of a cluster might be::

        class Cluster(Engine):
            \"\"\"Plays a run on the machines of a cluster.\"\"\"

            real_programs = True

            def needs(self, plan: Plan) -> Iterable[Need]:
                there = shutil.which("srun")
                yield Need(name="srun", state="good" if there else "missing", found=there or "not on PATH")

            def play(self, plan: Plan, directory: Path, *, trace_level: str, on_progress: ProgressCallback) -> int:
                subprocess.run(["srun", "--ntasks", str(len(plan.hosts)), "play-host", directory], check=True)
                return plan.stop

    It is made without arguments, once in a process, and asked about any number of plans: it keeps nothing of a run.
    """

    real_programs: ClassVar[bool] = False
    """Whether it starts the programs of a plan (:attr:`monerosim.plan.plan.HostPlan.processes`): then they are looked
    up and asked for their flags when a run is built."""

    watches_programs: ClassVar[bool] = False
    """Whether it starts programs again that have died or hang, and tells actors so."""

    paced: ClassVar[bool] = False
    """Whether its time can be slowed and stopped by requests (:mod:`monerosim.control.clock`), which it takes itself.
    For others the commands from outside are put into the mailboxes of the run directory."""

    unheeded: ClassVar[Mapping[str, str]] = {}
    """Keys of a scenario without effect on this engine, and why: ``network.latency``; ``participants.*.node.binary`` of
    any participant; a table for all that it has. A scenario that sets one to other than its default is warned."""

    conditions: ClassVar[frozenset[str]] = frozenset()
    """The conditions of the network that it can change by their names (:mod:`monerosim.agent.conditions`). A scenario
    whose timeline has another one is refused."""

    scheduled_conditions: ClassVar[frozenset[str]] = frozenset()
    """Those of ``shut-down``, ``start-up`` and ``crash`` that it has in the timeline alone, since it has to know their
    times before the run: the plan has them as :attr:`monerosim.plan.plan.ProcessPlan.spans`."""

    upgrades: ClassVar[bool] = False
    """Whether nodes can go over to another version in mid-run; one with real programs starts another program then
    (:attr:`monerosim.plan.plan.ProcessPlan.upgrade`)."""

    skips_proof_of_work: ClassVar[bool] = False
    """Whether it can spare monerod the hash of blocks where any is proof enough."""

    crowds: ClassVar[bool] = False
    """Whether behaviours can keep the wallets of many users (:meth:`monerosim.agent.behaviour.Behaviour.crowd`)."""

    def timings(self, hosts: int, nodes: int) -> Timings:
        """Return how much time the beginning of a run gets where the scenario does not say.

        Args:
            hosts: How many participants there are.
            nodes: How many of them have a node of their own.
        """
        del hosts, nodes
        return Timings()

    def addresses(self, count: int) -> list[str]:
        """Return an IPv4 address for each of ``count`` hosts, in the order of their names, all different.

        Raises:
            ValueError: There are not so many.
        """
        return addresses(count)

    def memory(self, plan: Plan) -> MemoryEstimate | None:
        """Estimate what a run takes at its peak; None if that is not known."""
        del plan
        return None

    def seconds(self, plan: Plan) -> float | None:
        """Estimate the real time that a run takes; None if that is not known."""
        del plan
        return None

    def disk(self, plan: Plan) -> int | None:
        """Estimate the bytes of a run's directory; None if that is not known."""
        del plan
        return None

    def needs(self, plan: Plan) -> Iterable[Need]:
        """Look for what the engine needs on this machine, beside Python and the programs of a plan.

        Args:
            plan: What is to be played. Its programs have not been looked up.
        """
        del plan
        return ()

    def check(self, plan: Plan) -> None:
        """Check that a plan can be played on this machine, before anything is written and again before it is played.

        Raises:
            EngineError: Something is missing; the message says what, and how it is installed.
        """
        for need in self.needs(plan):
            if need.state == "missing":
                raise EngineError("\n".join(filter(None, [f"{need.name}: {need.found}", need.remedy])))

    def prepare(self, plan: Plan, directory: Path, final: Path) -> None:  # noqa: B027 - most need nothing
        """Write into a run directory what this engine needs beside the common files.

        Args:
            plan: What is run.
            directory: The run directory, which has the common files.
            final: Where it will be when it is played, absolute.

        Raises:
            EngineError: It cannot be had on this machine.
            OSError: Something cannot be written.
        """

    @abstractmethod
    def play(self, plan: Plan, directory: Path, *, trace_level: str, on_progress: ProgressCallback) -> int:
        """Play a plan: write ``events.jsonl`` and traces in ``hosts`` into its run directory.

        Args:
            plan: What to play; it has passed :meth:`check`.
            directory: The run directory, already built.
            trace_level: The least important level of traces to keep.
            on_progress: Called with the progress now and then; the run is to stop once it has returned False.

        Returns:
            When the run stopped, microseconds since its start.

        Raises:
            EngineError: The plan cannot be played here.
        """


def engine_names() -> list[str]:
    """Name all engines that are installed."""
    return ENGINES.names()


def load_engine(name: str) -> Engine:
    """Load an engine.

    Raises:
        EngineError: There is none of this name, or it cannot be used.
    """
    try:
        return ENGINES.load(name)
    except PluginError as error:
        raise EngineError(str(error)) from error


def _check(found: object) -> Engine:
    if not (isinstance(found, type) and issubclass(found, Engine)):
        raise PluginError("is no class derived from monerosim.engine.Engine")
    if isabstract(found):
        raise PluginError(f"does not define {', '.join(sorted(found.__abstractmethods__))}")
    real_programs: object = found.real_programs
    if not isinstance(real_programs, bool):
        raise PluginError('has "real_programs" that is neither True nor False')
    paced: object = found.paced
    if not isinstance(paced, bool):
        raise PluginError('has "paced" that is neither True nor False')
    unheeded: object = found.unheeded
    if not (isinstance(unheeded, Mapping) and all(isinstance(it, str) for pair in unheeded.items() for it in pair)):
        raise PluginError('has "unheeded" that is no mapping of keys to reasons')
    for name in (name for name, member in vars(Engine).items() if callable(member) and not name.startswith("_")):
        _check_method(name, getattr(Engine, name), getattr(found, name))
    try:
        return found()
    except Exception as error:
        raise PluginError(f"cannot be made without arguments: {type(error).__name__}: {error}") from error


def _check_method(name: str, declared: Callable[..., object], own: object) -> None:
    if not callable(own):
        raise PluginError(f'has "{name}" that is no method')
    wanted = signature(declared).parameters.values()
    positional = [it.name for it in wanted if it.kind is Parameter.POSITIONAL_OR_KEYWORD]
    named = {it.name: it.name for it in wanted if it.kind is Parameter.KEYWORD_ONLY}
    try:
        signature(own).bind(*positional, **named)
    except TypeError as error:
        raise PluginError(f"has {name}{signature(own)} that cannot be called as Engine.{name} is: {error}") from error


ENGINES: Registry[Engine] = Registry(GROUP, "engine", _check)
"""The engines that are installed."""
