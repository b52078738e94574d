"""The actors that participants are composed of, each found by its entry point like any third party's.

What other actors build on is named here: the messages that nodes and wallets answer, and the bases of payers
and miners.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.attacks.double_spends import Conflict as Conflict, DoubleSpends as DoubleSpends
    from actors.attacks.selfish_miner import (
        SelfishMiner as SelfishMiner,
        SelfishMinerConfig as SelfishMinerConfig,
    )
    from actors.attacks.withholding import (
        Move as Move,
        Race as Race,
        WithholdingConfig as WithholdingConfig,
        WithholdingMiner as WithholdingMiner,
    )
    from actors.host.followed import Doubt as Doubt, Follow as Follow, Terms as Terms
    from actors.host.node_proxy import (
        GenerateBlocks as GenerateBlocks,
        GetAlternateChains as GetAlternateChains,
        GetBlock as GetBlock,
        GetBlockHeader as GetBlockHeader,
        GetBlockHeaders as GetBlockHeaders,
        GetConnections as GetConnections,
        GetInfo as GetInfo,
        GetLastBlockHeader as GetLastBlockHeader,
        GetTransactionPool as GetTransactionPool,
        SubmitBlock as SubmitBlock,
        SubmitTransaction as SubmitTransaction,
        proxy_of as proxy_of,
    )
    from actors.host.wallet_proxy import (
        CreateAddress as CreateAddress,
        CreateIntegratedAddress as CreateIntegratedAddress,
        DraftSweep as DraftSweep,
        GetAddresses as GetAddresses,
        GetBalance as GetBalance,
        GetTransfer as GetTransfer,
        GetTransfers as GetTransfers,
        GetUnspentOutputs as GetUnspentOutputs,
        GetWalletHeight as GetWalletHeight,
        Refresh as Refresh,
        SweepAll as SweepAll,
        Transfer as Transfer,
    )
    from actors.markets.orders import Invoice as Invoice, Order as Order, Refusal as Refusal
    from actors.mining.autonomous_miner import (
        AutonomousMinerConfig as AutonomousMinerConfig,
        IndependentMiner as IndependentMiner,
    )
    from actors.mining.block_controller import FindBlock as FindBlock
    from actors.mining.found_blocks import FoundBlocks as FoundBlocks
    from actors.mining.miner import (
        BaseMiner as BaseMiner,
        Join as Join,
        Leave as Leave,
        MineNow as MineNow,
        MinerConfig as MinerConfig,
    )
    from actors.mining.mining_pool import (
        BlockGiven as BlockGiven,
        Found as Found,
        MiningSignal as MiningSignal,
        Refused as Refused,
    )
    from actors.probes.probe import Examine as Examine, Probe as Probe, ProbeConfig as ProbeConfig, Verdict as Verdict
    from actors.users.payer import (
        Payer as Payer,
        PayerConfig as PayerConfig,
        Payment as Payment,
        Sender as Sender,
        SenderConfig as SenderConfig,
    )
    from actors.users.regular_user import SendNow as SendNow
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
