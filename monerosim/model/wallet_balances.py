"""The methods of monero-wallet-rpc that show what a wallet holds (src/wallet/wallet_rpc_server.cpp)."""

from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U32, Parameters
from monerosim.model.wallet_session import WalletSession
from monerosim.model.wallet_state import Balance, WalletState
from monerosim.monero.address import encode_address
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()

_NOTHING = Balance(0, 0, 0, 0, 0)


@METHODS.method(Parameters, "get_height", "getheight")
def get_height(session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer get_height."""
    return {"height": session.wallet.tip.height + 1}


class GetBalance(Parameters, frozen=True):
    """The parameters of get_balance."""

    account_index: U32 = 0
    address_indices: tuple[U32, ...] = ()
    all_accounts: bool = False
    strict: bool = False


@METHODS.method(GetBalance, "get_balance", "getbalance")
def get_balance(session: WalletSession, asked: GetBalance) -> dict[str, Json]:
    """Answer get_balance."""
    wallet = session.wallet
    every, account = asked.all_accounts, asked.account_index
    balances = wallet.balances(strict=asked.strict)
    counted = [place for place in balances if every or place[0] == account]
    listed = [(account, index) for index in asked.address_indices] if asked.address_indices and not every else counted
    held = [balances[place] for place in counted]
    result: dict[str, Json] = {
        "balance": sum(balance.total for balance in held),
        "blocks_to_unlock": max((balance.blocks_to_unlock for balance in held), default=0),
        "multisig_import_needed": False,
        "time_to_unlock": max((balance.seconds_to_unlock for balance in held), default=0),
        "unlocked_balance": sum(balance.unlocked for balance in held),
    }
    if listed:
        result["per_subaddress"] = [_subaddress(wallet, place, balances.get(place, _NOTHING)) for place in listed]
    return result


def _subaddress(wallet: WalletState, place: tuple[int, int], balance: Balance) -> Json:
    account, index = place
    labels = wallet.labels[account] if account < len(wallet.labels) else []
    known = index < len(labels)
    return {
        "account_index": account,
        # A wallet answers with the address and zeros of a subaddress it never created; it is not listed by that.
        "address": encode_address(wallet.address(*place) if known else wallet.keys.address(*place)),
        "address_index": index,
        "balance": balance.total,
        "blocks_to_unlock": balance.blocks_to_unlock,
        "label": labels[index] if known else "",
        "num_unspent_outputs": balance.outputs,
        "time_to_unlock": balance.seconds_to_unlock,
        "unlocked_balance": balance.unlocked,
    }
