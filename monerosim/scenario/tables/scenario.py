"""A whole scenario, and what a sweep varies of it."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from monerosim.plugins import PluginFiles
from monerosim.scenario.permissions import NOTHING, Permissions
from monerosim.scenario.problems import Problem
from monerosim.scenario.tables.consensus import Consensus, Rules
from monerosim.scenario.tables.network import Network
from monerosim.scenario.tables.participants import Participant, TimelineEntry
from monerosim.scenario.tables.programs import Binaries, Shadow
from monerosim.scenario.tables.simulation import Alert, Letters, Recording, Simulation
from monerosim.scenario.tables.table import Table


class SweepTable(Table, frozen=True):
    """What ``monerosim sweep`` varies; a single run has nothing of it. Options of the command replace it key by key."""

    seeds: Annotated[str, Meta(description='The seeds: "1..30" or "1,2,7".')] = "1..10"
    vary: Annotated[
        dict[str, tuple[Any, ...]],
        Meta(description='Values by key: { "network.latency" = ["50ms", "1s"] }; every combination is run.'),
    ] = msgspec.field(default_factory=dict)
    zip: Annotated[bool, Meta(description="Whether first values go together, then second ones, and so on.")] = False
    sample: Annotated[
        dict[str, str],
        Meta(description='Ranges by key, "10..40": points are spread over them as a Latin hypercube, instead of vary.'),
    ] = msgspec.field(default_factory=dict)
    points: Annotated[int, Meta(ge=0, le=100_000, description="How many points are drawn from the ranges.")] = 0
    measures: Annotated[
        tuple[str, ...], Meta(description='What is shown, such as "miners.alpha.blocks"; a few usual ones if left out.')
    ] = ()
    until: Annotated[
        str, Meta(description='Ends once an interval is as narrow: "payments.confirmed +- 2 %". Left out: never.')
    ] = ""


class Scenario(Table, frozen=True):
    """A whole scenario: what a TOML file has, or what Python composes.

    .. code-block:: python

        scenario = Scenario(
            simulation={"name": "small", "duration": "2h"},
            participants={
                "pool": {"kind": "mining-pool", "hashrate": 100},
                "block-controller": {"kind": "block-controller"},
                "user": {"kind": "regular-user", "count": 5, "wallet": {"initial_balance": "10 XMR"}},
            },
        )
        for problem in scenario.check():
            print(problem)
        print(run(scenario).summary.transactions)
    """

    simulation: Annotated[Simulation, Meta(description="What is run, and for how long.")] = msgspec.field(
        default_factory=Simulation
    )
    network: Annotated[Network, Meta(description="What lies between the participants.")] = msgspec.field(
        default_factory=Network
    )
    consensus: Annotated[Consensus, Meta(description="When blocks come.")] = msgspec.field(default_factory=Consensus)
    rules: Annotated[Rules, Meta(description="What nodes go by in place of monerod's rules.")] = msgspec.field(
        default_factory=Rules
    )
    letters: Annotated[Letters, Meta(description="How long letters between actors take.")] = msgspec.field(
        default_factory=Letters
    )
    record: Annotated[Recording, Meta(description="What is recorded of what nodes do.")] = msgspec.field(
        default_factory=Recording
    )
    binaries: Annotated[Binaries, Meta(description="The programs that engines with real programs start.")] = (
        msgspec.field(default_factory=Binaries)
    )
    shadow: Annotated[Shadow, Meta(description="Options for the engine shadow.")] = msgspec.field(
        default_factory=Shadow
    )
    participants: Annotated[
        dict[str, Participant], Meta(description="Who takes part, by name; a name is made of a-z, 0-9 and -.")
    ] = msgspec.field(default_factory=dict)
    timeline: Annotated[
        tuple[TimelineEntry, ...], Meta(description="What participants are told to do in the course of the run.")
    ] = ()
    alerts: Annotated[tuple[Alert, ...], Meta(description="What should not happen, and who is told when it does.")] = ()
    sweep: Annotated[SweepTable, Meta(description="What `monerosim sweep` varies.")] = msgspec.field(
        default_factory=SweepTable
    )

    def check(self, files: PluginFiles | None = None, permissions: Permissions = NOTHING) -> tuple[Problem, ...]:
        """Check the scenario as a whole, as is done before each run.

        Args:
            files: Where its own Python files are; below the working directory, if left out.
            permissions: What you allow it.

        Returns:
            Errors and warnings.
        """
        from monerosim.scenario.load import examine_scenario  # noqa: PLC0415  (which reads these tables)

        return examine_scenario(self, files, permissions).problems
