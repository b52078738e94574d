"""Simulates Monero networks whose participants are actors.

Everything public is named here; what other actors build on, such as the messages of nodes and wallets, in ``actors``.

    from monerosim import Participant, Scenario, run

    played = run(Scenario(participants={...}))
    print(played.summary)

Names are loaded when they are first used, so that an agent's process imports only what it needs.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Scenarios, runs and what they leave
    from monerosim.scenario.tables import (
        Binaries as Binaries,
        Consensus as Consensus,
        Network as Network,
        Node as Node,
        Participant as Participant,
        Scenario as Scenario,
        Shadow as Shadow,
        Simulation as Simulation,
        Wallet as Wallet,
    )
    from monerosim.scenario.load import load as load, parse as parse
    from monerosim.scenario.permissions import Permissions as Permissions
    from monerosim.scenario.problems import Problem as Problem, ScenarioError as ScenarioError
    from monerosim.runs import Run as Run, RunError as RunError, play as play, run as run
    from monerosim.build.binaries import BinaryError as BinaryError
    from monerosim.build.rundir import RunDirectoryError as RunDirectoryError
    from monerosim.plan.plan import Plan as Plan
    from monerosim.report.summary import Summary as Summary
    from monerosim.report.spread import first_seen as first_seen
    from monerosim.events.traces import TraceLine as TraceLine

    # Many runs
    from monerosim.ensemble.design import (
        DesignError as DesignError,
        Point as Point,
        latin_hypercube as latin_hypercube,
        paired as paired,
    )
    from monerosim.ensemble.executors import ClusterError as ClusterError, Here as Here, Processes as Processes
    from monerosim.ensemble.search import search as search
    from monerosim.ensemble.store import StoreError as StoreError
    from monerosim.ensemble.sweep import Sweep as Sweep, sweep as sweep

    # Actors
    from monerosim.agent.actor import Actor as Actor, handles as handles, receives as receives
    from monerosim.agent.behaviour import Behaviour as Behaviour
    from monerosim.agent.commands import (
        CommandLetter as CommandLetter,
        ResultLetter as ResultLetter,
        SubscribeLetter as SubscribeLetter,
    )
    from monerosim.agent.conditions import (
        Condition as Condition,
        ConditionError as ConditionError,
        Crash as Crash,
        Cut as Cut,
        Degrade as Degrade,
        Freeze as Freeze,
        Heal as Heal,
        MoveWallet as MoveWallet,
        Partition as Partition,
        Restore as Restore,
        ShutDown as ShutDown,
        Silence as Silence,
        StartUp as StartUp,
        Thaw as Thaw,
        Unsilence as Unsilence,
    )
    from monerosim.agent.host import Host as Host
    from monerosim.agent.messages import EventLetter as EventLetter, Letter as Letter, Message as Message
    from monerosim.config import (
        PARTICIPANT as PARTICIPANT,
        POSITIVE as POSITIVE,
        Amount as Amount,
        Config as Config,
        Duration as Duration,
        Key as Key,
        amount as amount,
        duration as duration,
        form as form,
    )
    from monerosim.plan.roles import (
        BLOCK_CONTROLLER as BLOCK_CONTROLLER,
        FUNDER as FUNDER,
        MINER as MINER,
        ORCHESTRATOR as ORCHESTRATOR,
        SPY as SPY,
    )
    from monerosim.mailbox.discovery import (
        Agent as Agent,
        AgentDiscovery as AgentDiscovery,
        AgentDiscoveryError as AgentDiscoveryError,
        Item as Item,
        Miner as Miner,
        Vendor as Vendor,
    )
    from monerosim.mailbox.post import UnknownHostError as UnknownHostError
    from monerosim.runtime.rng import Rng as Rng
    from monerosim.units import (
        SECOND as SECOND,
        XMR as XMR,
        format_amount as format_amount,
        format_clock as format_clock,
        format_duration as format_duration,
        parse_amount as parse_amount,
        parse_duration as parse_duration,
    )

    # What nodes and wallets answer
    from monerosim.rpc.errors import (
        RpcCallError as RpcCallError,
        RpcDoubtfulError as RpcDoubtfulError,
        RpcError as RpcError,
        RpcProtocolError as RpcProtocolError,
        RpcUnavailableError as RpcUnavailableError,
    )
    from monerosim.rpc.node import (
        AlternateChain as AlternateChain,
        BlockHeader as BlockHeader,
        Connection as Connection,
        GeneratedBlocks as GeneratedBlocks,
        NodeInfo as NodeInfo,
        PoolTransaction as PoolTransaction,
    )
    from monerosim.rpc.transport import Json as Json
    from monerosim.rpc.wallet import (
        Balance as Balance,
        Destination as Destination,
        TransferEntry as TransferEntry,
        Transferred as Transferred,
        Transfers as Transfers,
    )

    # Events
    from monerosim.events import (
        ActorFailed as ActorFailed,
        ActorGivenUp as ActorGivenUp,
        ActorRestarted as ActorRestarted,
        AgentState as AgentState,
        AgentUnresponsive as AgentUnresponsive,
        AlertCleared as AlertCleared,
        AlertRaised as AlertRaised,
        BalanceRecorded as BalanceRecorded,
        BlockContents as BlockContents,
        BlockFound as BlockFound,
        BlockSpread as BlockSpread,
        BlockStale as BlockStale,
        BootstrapFailed as BootstrapFailed,
        BootstrapFinished as BootstrapFinished,
        BranchSeen as BranchSeen,
        CommandExecuted as CommandExecuted,
        CommandFailed as CommandFailed,
        CrowdClosed as CrowdClosed,
        DepositCredited as DepositCredited,
        DepositRefunded as DepositRefunded,
        Event as Event,
        IncomingPayment as IncomingPayment,
        ItemRelayed as ItemRelayed,
        LineCorrupted as LineCorrupted,
        MinerSkipped as MinerSkipped,
        MinersPaid as MinersPaid,
        NewBlock as NewBlock,
        NetworkChanged as NetworkChanged,
        NodeCaughtUp as NodeCaughtUp,
        NodeClosed as NodeClosed,
        NodeSynced as NodeSynced,
        OrderChanged as OrderChanged,
        OrderPlaced as OrderPlaced,
        PaymentConfirmed as PaymentConfirmed,
        PaymentDelayed as PaymentDelayed,
        PaymentDoubtful as PaymentDoubtful,
        PaymentFailed as PaymentFailed,
        PaymentMined as PaymentMined,
        PaymentOverdue as PaymentOverdue,
        PaymentReceived as PaymentReceived,
        PaymentRemined as PaymentRemined,
        PaymentReorged as PaymentReorged,
        PaymentSeen as PaymentSeen,
        PaymentSent as PaymentSent,
        PaymentSkipped as PaymentSkipped,
        PaymentVanished as PaymentVanished,
        PeerConnected as PeerConnected,
        PeerDisconnected as PeerDisconnected,
        PeerLost as PeerLost,
        PeersChanged as PeersChanged,
        ProbeFailed as ProbeFailed,
        ProbePassed as ProbePassed,
        ProcessDied as ProcessDied,
        ProcessGivenUp as ProcessGivenUp,
        ProcessHung as ProcessHung,
        ProcessRestarted as ProcessRestarted,
        Record as Record,
        Relay as Relay,
        Reorganised as Reorganised,
        RewardShared as RewardShared,
        RewardUnlocked as RewardUnlocked,
        RunEnded as RunEnded,
        ScriptEnded as ScriptEnded,
        ServiceReady as ServiceReady,
        TipSeen as TipSeen,
        TransactionSeen as TransactionSeen,
        TransactionSpread as TransactionSpread,
        TransactionStem as TransactionStem,
        TxpoolRecorded as TxpoolRecorded,
        UnknownEvent as UnknownEvent,
        VendorTotals as VendorTotals,
        WalletClosed as WalletClosed,
        WithdrawalPaid as WithdrawalPaid,
        WithdrawalRefused as WithdrawalRefused,
        WithdrawalRequested as WithdrawalRequested,
    )
    from monerosim.events.orders import OrderState as OrderState

    # Engines, topologies and rules
    from monerosim.engine import (
        Engine as Engine,
        EngineError as EngineError,
        MemoryEstimate as MemoryEstimate,
        Need as Need,
        Progress as Progress,
        ProgressCallback as ProgressCallback,
        Timings as Timings,
        load_engine as load_engine,
    )
    from monerosim.model.formats import TransactionFormat as TransactionFormat
    from monerosim.plan.plan import LinkPlan as LinkPlan, TopologyPlan as TopologyPlan
    from monerosim.plugins import PluginError as PluginError
    from monerosim.rules.rule import Rule as Rule
    from monerosim.topology import Topology as Topology
else:
    # Imported inside: an agent's process that uses none of these names does without the module.
    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        from monerosim.lazy import import_name  # noqa: PLC0415

        return import_name(__name__, name)

    def __dir__() -> list[str]:
        """Return the public names."""
        from monerosim.lazy import public_names  # noqa: PLC0415

        return sorted({*globals(), *public_names(__name__)})
