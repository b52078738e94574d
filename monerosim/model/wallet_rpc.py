"""A modelled monero-wallet-rpc: its wallet files and its methods (src/wallet/wallet_rpc_server.cpp)."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple

from monerosim.model import wallet_addresses as addresses
from monerosim.model import wallet_transfers as transfers
from monerosim.model.blobs import parse_blob, transaction_blob
from monerosim.model.blockchain import Blockchain
from monerosim.model.daemon import Daemon
from monerosim.model.jsonrpc import (
    JSON_RPC,
    MAX_UINT32,
    HttpStatusError,
    Params,
    ServiceError,
    answer,
    flag,
    integer,
    integers,
    is_hash,
    mapping,
    no_method,
    objects,
    text,
)
from monerosim.model.priority import GRACE_BLOCKS, automatic_priority
from monerosim.model.spending import Draft, Request, pay, sweep
from monerosim.model.views import View
from monerosim.model.wallet_state import Balance, Destination, WalletState
from monerosim.monero.address import INTEGRATED, SUBADDRESS, encode_address
from monerosim.monero.constants import MAX_OUTPUTS, approximate_height
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

REFRESH_PERIOD = 20 * SECOND
"""How often a wallet refreshes by itself, microseconds (``DEFAULT_AUTO_REFRESH_PERIOD``)."""

VERSION = 65_561
"""``WALLET_RPC_VERSION`` of 0.18.0: 1.25."""

_LANGUAGES = frozenset(
    {"Deutsch", "English", "Español", "Français", "Italiano", "Nederlands", "Português", "русский язык"}
    | {"日本語", "简体中文 (中国)", "Esperanto", "Lojban", "English (old)"}
)
"""The languages of seed words (src/mnemonics)."""

_NOTHING = Balance(0, 0, 0, 0)


class _File(NamedTuple):
    wallet: WalletState
    password: str


class WalletServer:
    """One monero-wallet-rpc.

    Args:
        blockchain: The run's blocks and transactions.
        daemon: The node it asks.
        name: Its name, unique in the run; a wallet's keys follow from it, ``seed`` and the wallet's file name.
        seed: For the keys.
        ready_at: When it begins to answer, microseconds.
    """

    def __init__(self, blockchain: Blockchain, daemon: Daemon, *, name: str, seed: int, ready_at: int) -> None:
        self.name = name
        self.ready_at = ready_at
        self._blockchain = blockchain
        self._daemon = daemon
        self._seed = f"{seed}/{name}"
        self._files: dict[str, _File] = {}
        self._wallet: WalletState | None = None
        self._refreshed = -1
        self._stopped = False
        self._methods = self._table()

    @property
    def wallets(self) -> list[WalletState]:
        """All its wallet files, in the order they were created."""
        return [file.wallet for file in self._files.values()]

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            RpcUnavailableError: The service is not up yet, or was stopped.
            HttpStatusError: The path is not ``/json_rpc``.
        """
        if self._stopped or self._blockchain.now() < self.ready_at:
            raise RpcUnavailableError(f"{self.name} does not answer: connection refused")
        if path != JSON_RPC:
            raise HttpStatusError(HTTPStatus.NOT_FOUND, self.name)
        return answer(body, self._call)

    def _call(self, method: str, params: Json) -> Json:
        found = self._methods.get(method)
        if found is None:
            raise no_method()
        return found(mapping(params))

    def _table(self) -> dict[str, Callable[[Params], dict[str, Json]]]:
        with_wallet: dict[str, Callable[[WalletState, Params], dict[str, Json]]] = {
            "get_address": addresses.get_address,
            "getaddress": addresses.get_address,
            "get_address_index": addresses.get_address_index,
            "create_address": addresses.create_address,
            "label_address": addresses.label_address,
            "get_accounts": self._get_accounts,
            "create_account": addresses.create_account,
            "get_balance": self._get_balance,
            "getbalance": self._get_balance,
            "get_height": self._get_height,
            "getheight": self._get_height,
            "refresh": self._refresh,
            "transfer": self._transfer,
            "transfer_split": self._transfer_split,
            "sweep_all": self._sweep_all,
            "relay_tx": self._relay_tx,
            "get_transfers": self._get_transfers,
            "get_transfer_by_txid": self._get_transfer_by_txid,
            "incoming_transfers": transfers.incoming_transfers,
            "get_payments": transfers.get_payments,
            "get_bulk_payments": transfers.get_bulk_payments,
            "validate_address": addresses.validate_address,
            "make_integrated_address": addresses.make_integrated_address,
            "split_integrated_address": addresses.split_integrated_address,
            "query_key": addresses.query_key,
            "get_tx_key": self._get_tx_key,
            "store": self._store,
            "close_wallet": self._close_wallet,
            "stop_wallet": self._stop_wallet,
        }
        table: dict[str, Callable[[Params], dict[str, Json]]] = {
            name: self._with_wallet(method) for name, method in with_wallet.items()
        }
        table["create_wallet"] = self._create_wallet
        table["open_wallet"] = self._open_wallet
        table["get_version"] = lambda _: {"release": False, "version": VERSION}
        return table

    def _with_wallet(
        self, method: Callable[[WalletState, Params], dict[str, Json]]
    ) -> Callable[[Params], dict[str, Json]]:
        def call(params: Params) -> dict[str, Json]:
            if self._wallet is None:
                raise ServiceError(-13, "No wallet file")
            self._catch_up(self._wallet)
            return method(self._wallet, params)

        return call

    def _catch_up(self, wallet: WalletState) -> None:
        """Refresh the wallet as of the last time it would have done so by itself."""
        now = self._blockchain.now()
        due = now - (now - self.ready_at) % REFRESH_PERIOD
        if due > self._refreshed and due >= self._daemon.ready_at:
            self._refreshed = due
            wallet.refresh(self._blockchain.view(self._daemon.index, due))

    def _daemon_view(self, code: int = 0, message: str = "") -> View:
        """Return what the daemon sees now; an error of this code and text if it does not answer."""
        if self._blockchain.now() < self._daemon.ready_at:
            raise ServiceError(code, message)
        return self._daemon.view()

    def _get_transfers(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        return transfers.get_transfers(wallet, params, self._daemon_view)

    def _get_transfer_by_txid(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        return transfers.get_transfer_by_txid(wallet, params, self._daemon_view)

    def _create_wallet(self, params: Params) -> dict[str, Json]:
        filename, password = text(params, "filename"), text(params, "password")
        language = text(params, "language")
        if language not in _LANGUAGES:
            raise ServiceError(-1, f"Unknown language: {language}")
        if "/" in filename or "\\" in filename or filename in {".", ".."}:
            raise ServiceError(-1, "Invalid filename")
        if filename in self._files:
            raise ServiceError(-21, "Cannot create wallet. Already exists.")
        keys = self._blockchain.digest("wallet", f"{self._seed}/{filename}".encode())
        now = self._blockchain.now()
        # A daemon that answers is asked instead; in blocks up to then a new wallet has no coins.
        deaf = now < self._daemon.ready_at
        restore_height = approximate_height(self._blockchain.unix(now)) if deaf else 0
        wallet = WalletState(self._blockchain, keys, restore_height)
        if filename:
            self._files[filename] = _File(wallet, password)
        self._open(wallet)
        return {}

    def _open(self, wallet: WalletState) -> None:
        self._wallet = wallet
        now = self._blockchain.now()
        self._refreshed = now - (now - self.ready_at) % REFRESH_PERIOD

    def _open_wallet(self, params: Params) -> dict[str, Json]:
        filename, password = text(params, "filename"), text(params, "password")
        if "/" in filename:
            raise ServiceError(-1, "Invalid filename")
        file = self._files.get(filename)
        if file is None or file.password != password:
            raise ServiceError(-1, "Failed to open wallet")
        self._open(file.wallet)
        return {}

    def _close_wallet(self, _wallet: WalletState, _params: Params) -> dict[str, Json]:
        self._wallet = None
        return {}

    def _stop_wallet(self, _wallet: WalletState, _params: Params) -> dict[str, Json]:
        self._stopped = True
        return {}

    def _store(self, _wallet: WalletState, _params: Params) -> dict[str, Json]:
        return {}

    def _get_accounts(self, wallet: WalletState, _params: Params) -> dict[str, Json]:
        balances = wallet.balances()
        accounts: list[Json] = []
        for account, labels in enumerate(wallet.labels):
            held = [balance for place, balance in balances.items() if place[0] == account]
            accounts.append(
                {
                    "account_index": account,
                    "balance": sum(balance.total for balance in held),
                    "base_address": encode_address(wallet.address(account, 0)),
                    "label": labels[0],
                    "tag": "",
                    "unlocked_balance": sum(balance.unlocked for balance in held),
                }
            )
        return {
            "subaddress_accounts": accounts,
            "total_balance": sum(balance.total for balance in balances.values()),
            "total_unlocked_balance": sum(balance.unlocked for balance in balances.values()),
        }

    def _get_balance(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        account = integer(params, "account_index", largest=MAX_UINT32)
        every, indices = flag(params, "all_accounts"), integers(params, "address_indices")
        balances = wallet.balances()
        counted = [place for place in balances if every or place[0] == account]
        listed = [(account, index) for index in indices] if indices and not every else counted
        held = [balances[place] for place in counted]
        result: dict[str, Json] = {
            "balance": sum(balance.total for balance in held),
            "blocks_to_unlock": max((balance.blocks_to_unlock for balance in held), default=0),
            "multisig_import_needed": False,
            "time_to_unlock": 0,
            "unlocked_balance": sum(balance.unlocked for balance in held),
        }
        if listed:
            result["per_subaddress"] = [
                self._subaddress(wallet, place, balances.get(place, _NOTHING)) for place in listed
            ]
        return result

    def _subaddress(self, wallet: WalletState, place: tuple[int, int], balance: Balance) -> Json:
        account, index = place
        labels = wallet.labels[account] if account < len(wallet.labels) else []
        known = index < len(labels)
        return {
            "account_index": account,
            # A wallet answers with the address and zeros of a subaddress it never created; it does not own it by that.
            "address": encode_address(wallet.address(*place) if known else wallet.keys.address(*place)),
            "address_index": index,
            "balance": balance.total,
            "blocks_to_unlock": balance.blocks_to_unlock,
            "label": labels[index] if known else "",
            "num_unspent_outputs": balance.outputs,
            "time_to_unlock": 0,
            "unlocked_balance": balance.unlocked,
        }

    def _get_height(self, wallet: WalletState, _params: Params) -> dict[str, Json]:
        return {"height": wallet.tip.height + 1}

    def _refresh(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        integer(params, "start_height")
        fetched, received = wallet.refresh(self._daemon_view(-38, "no connection to daemon"))
        return {"blocks_fetched": fetched, "received_money": received}

    def _request(self, params: Params, payment_id: str) -> Request:
        tip = self._daemon_view(-4, "Failed to get height").tip
        asked = integer(params, "priority", largest=MAX_UINT32)
        priority = min(asked, 4) or automatic_priority(self._blockchain, self._daemon.view())
        return Request(
            account=integer(params, "account_index", largest=MAX_UINT32),
            indices=frozenset(integers(params, "subaddr_indices")),
            fee_per_byte=self._blockchain.mining.weights.fees(tip, GRACE_BLOCKS)[priority - 1],
            ring_pool=self._blockchain.chain.ring_members(tip),
            outputs=tip.outputs,
            payment_id=payment_id,
        )

    def _pay(self, wallet: WalletState, params: Params) -> list[Draft]:
        if text(params, "payment_id"):
            raise ServiceError(
                -5, "Standalone payment IDs are obsolete. Use subaddresses or integrated addresses instead"
            )
        destinations, subaddresses, payment_id = [], set(), ""
        for entry in objects(params, "destinations"):
            address, amount = text(entry, "address"), integer(entry, "amount")
            parsed = addresses.parse_address(address, f"WALLET_RPC_ERROR_CODE_WRONG_ADDRESS: {address}")
            destinations.append(Destination(address, parsed.keys, amount))
            if parsed.kind == SUBADDRESS:
                subaddresses.add(parsed.keys)
            if parsed.kind == INTEGRATED:
                if payment_id:
                    raise ServiceError(-5, "A single payment id is allowed per transaction")
                payment_id = parsed.payment_id
        if not destinations:
            raise ServiceError(-20, "Transaction has no destination")
        request = self._request(params, payment_id)
        # A payment id is encrypted for one address (``get_destination_view_key_pub``); change does not count.
        own = wallet.keys.address(request.account, 0).keys
        if payment_id and len({destination.keys for destination in destinations} - {own}) > 1:
            raise ServiceError(-4, "transaction was not constructed")
        return pay(wallet, request, destinations, subaddresses)

    def _commit(self, wallet: WalletState, drafts: list[Draft], params: Params) -> None:
        if flag(params, "do_not_relay"):
            return
        for draft in drafts:
            refused = self._daemon.accept(draft.transaction, relay=True)
            if refused:
                raise ServiceError(-4, "transaction was rejected by daemon")
            wallet.record(draft.sent)

    def _transfer(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        drafts = self._pay(wallet, params)
        if len(drafts) != 1:
            raise ServiceError(-18, "Transaction would be too large.  try /transfer_split.")
        self._commit(wallet, drafts, params)
        (draft,) = drafts
        transaction = draft.transaction
        blob = transaction_blob(transaction.id)
        return {
            "amount": draft.amount,
            "fee": transaction.fee,
            "multisig_txset": "",
            "spent_key_images": _key_images(draft),
            "tx_blob": blob if flag(params, "get_tx_hex") else "",
            "tx_hash": transaction.id.hex(),
            "tx_key": self._key(draft) if flag(params, "get_tx_key") else "",
            "tx_metadata": blob if flag(params, "get_tx_metadata") else "",
            "unsigned_txset": "",
            "weight": transaction.weight,
        }

    def _transfer_split(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        drafts = self._pay(wallet, params)
        self._commit(wallet, drafts, params)
        return self._several(drafts, params)

    def _sweep_all(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        address = text(params, "address")
        parsed = addresses.parse_address(address, f"WALLET_RPC_ERROR_CODE_WRONG_ADDRESS: {address}")
        outputs = integer(params, "outputs", 1)
        if not outputs:
            raise ServiceError(-16, "Amount of outputs should be greater than 0.")
        request = self._request(params, parsed.payment_id)
        if flag(params, "subaddr_indices_all"):
            account = addresses.checked_account(wallet, params)
            request = request._replace(indices=frozenset(range(len(wallet.labels[account]))))
        target = Destination(address, parsed.keys, 0)
        drafts = sweep(wallet, request, [target] * min(outputs, MAX_OUTPUTS + 1), integer(params, "below_amount"))
        self._commit(wallet, drafts, params)
        return self._several(drafts, params)

    def _several(self, drafts: list[Draft], params: Params) -> dict[str, Json]:
        result: dict[str, Json] = {
            "amount_list": [draft.amount for draft in drafts],
            "fee_list": [draft.transaction.fee for draft in drafts],
            "multisig_txset": "",
            "spent_key_images_list": [_key_images(draft) for draft in drafts],
            "tx_hash_list": [draft.transaction.id.hex() for draft in drafts],
            "unsigned_txset": "",
            "weight_list": [draft.transaction.weight for draft in drafts],
        }
        blobs: list[Json] = [transaction_blob(draft.transaction.id) for draft in drafts]
        if flag(params, "get_tx_hex"):
            result["tx_blob_list"] = blobs
        if flag(params, "get_tx_keys"):
            result["tx_key_list"] = [self._key(draft) for draft in drafts]
        if flag(params, "get_tx_metadata"):
            result["tx_metadata_list"] = blobs
        return result

    def _key(self, draft: Draft) -> str:
        return self._blockchain.digest("transaction key", draft.transaction.id).hex()

    def _get_tx_key(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        identity = text(params, "txid")
        if not is_hash(identity):
            raise ServiceError(-8, "TX ID has invalid format")
        if bytes.fromhex(identity) not in wallet.made:
            raise ServiceError(-24, "No tx secret key is stored for this tx")
        return {"tx_key": self._blockchain.digest("transaction key", bytes.fromhex(identity)).hex()}

    def _relay_tx(self, wallet: WalletState, params: Params) -> dict[str, Json]:
        blob = text(params, "hex")
        try:
            identity = parse_blob(blob)
        except ValueError:
            raise ServiceError(-26, "Failed to parse hex.") from None
        transaction = self._blockchain.txpool.drafts.get(identity) or self._blockchain.txpool.transactions.get(identity)
        if transaction is None:
            raise ServiceError(-27, "Failed to parse tx metadata.")
        self._daemon_view(-38, "no connection to daemon")
        if self._daemon.accept(transaction, relay=True):
            raise ServiceError(-4, "Failed to commit tx.")
        if identity in wallet.drafts:
            wallet.record(wallet.drafts[identity])
        return {"tx_hash": identity.hex()}


def _key_images(draft: Draft) -> Json:
    return {"key_images": [output.key_image.hex() for output in draft.transaction.inputs]}
