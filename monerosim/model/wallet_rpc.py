"""A modelled monero-wallet-rpc: its wallet files and its methods (src/wallet/wallet_rpc_server.cpp)."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from monerosim.model import wallet_entries as entries
from monerosim.model.address import INTEGRATED, SUBADDRESS, Address, decode_address, encode_address
from monerosim.model.blobs import parse_blob, transaction_blob
from monerosim.model.daemon import Daemon
from monerosim.model.fees import fees_per_byte
from monerosim.model.jsonrpc import (
    MAX_UINT32,
    Params,
    ServiceError,
    answer,
    flag,
    integer,
    integers,
    is_hash,
    mapping,
    objects,
    text,
    texts,
)
from monerosim.model.ledger import Balance, Destination, Ledger, Payment
from monerosim.model.emission import base_reward
from monerosim.model.spending import Draft, Request, pay, sweep
from monerosim.model.world import World
from monerosim.rpc.errors import RpcUnavailableError
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

REFRESH_PERIOD = 20 * SECOND
"""A wallet refreshes by itself this often (``DEFAULT_AUTO_REFRESH_PERIOD``)."""

VERSION = 65_561
"""``WALLET_RPC_VERSION`` of 0.18.0: 1.25."""

_LANGUAGES = frozenset(
    "Deutsch English Español Français Italiano Nederlands Português Esperanto Lojban русский\u00a0язык 日本語".split(" ")
) | {"русский язык", "简体中文 (中国)", "English (old)"}
_MAX_ADDRESSES = 64
_NOTHING: Balance = Balance(0, 0, 0, 0)


class _File(NamedTuple):
    ledger: Ledger
    password: str


class WalletServer:
    """One monero-wallet-rpc.

    Args:
        world: The run's chain.
        daemon: The node it asks.
        name: Its name, unique in the run; with ``seed`` and a wallet's file name it makes the wallet's keys.
        seed: For the keys.
        ready_at: When it begins to answer, microseconds.
    """

    def __init__(self, world: World, daemon: Daemon, *, name: str, seed: int, ready_at: int) -> None:
        self.name = name
        self.ready_at = ready_at
        self._world = world
        self._daemon = daemon
        self._seed = f"{seed}/{name}"
        self._files: dict[str, _File] = {}
        self._ledger: Ledger | None = None
        self._refreshed = -1
        self._stopped = False
        self._methods = self._table()

    @property
    def ledger(self) -> Ledger | None:
        """The wallet that is open."""
        return self._ledger

    @property
    def ledgers(self) -> list[Ledger]:
        """All its wallets, in the order of making."""
        return [file.ledger for file in self._files.values()]

    def post(self, path: str, body: Mapping[str, Json]) -> Json:
        """Answer a request.

        Raises:
            RpcUnavailableError: It is not up yet, or was stopped; or the path is not ``/json_rpc``.
        """
        if self._stopped or self._world.now() < self.ready_at:
            raise RpcUnavailableError(f"{self.name} does not answer: connection refused")
        if path != "/json_rpc":
            raise RpcUnavailableError(f"{self.name} does not know {path}: HTTP status 404")
        return answer(body, self._call)

    def _call(self, method: str, params: Json) -> Json:
        found = self._methods.get(method)
        if found is None:
            raise ServiceError(-32601, "Method not found")
        return found(mapping(params))

    def _table(self) -> dict[str, Callable[[Params], dict[str, Json]]]:
        with_wallet: dict[str, Callable[[Ledger, Params], dict[str, Json]]] = {
            "get_address": self._get_address,
            "getaddress": self._get_address,
            "get_address_index": self._get_address_index,
            "create_address": self._create_address,
            "label_address": self._label_address,
            "get_accounts": self._get_accounts,
            "create_account": self._create_account,
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
            "incoming_transfers": self._incoming_transfers,
            "get_payments": self._get_payments,
            "get_bulk_payments": self._get_bulk_payments,
            "validate_address": self._validate_address,
            "make_integrated_address": self._make_integrated_address,
            "split_integrated_address": self._split_integrated_address,
            "query_key": self._query_key,
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

    def _with_wallet(self, method: Callable[[Ledger, Params], dict[str, Json]]) -> Callable[[Params], dict[str, Json]]:
        def call(params: Params) -> dict[str, Json]:
            if self._ledger is None:
                raise ServiceError(-13, "No wallet file")
            self._catch_up(self._ledger)
            return method(self._ledger, params)

        return call

    def _catch_up(self, ledger: Ledger) -> None:
        """Be where the wallet's own refreshing would have brought it by now."""
        now = self._world.now()
        due = now - (now - self.ready_at) % REFRESH_PERIOD
        if due > self._refreshed and due >= self._daemon.ready_at:
            self._refreshed = due
            ledger.refresh(due)

    def _reach_daemon(self, code: int, message: str) -> int:
        """Give the time, or fail as a wallet does whose daemon does not answer."""
        now = self._world.now()
        if now < self._daemon.ready_at:
            raise ServiceError(code, message)
        return now

    def _create_wallet(self, params: Params) -> dict[str, Json]:
        filename, password = text(params, "filename"), text(params, "password")
        language = text(params, "language")
        if language not in _LANGUAGES:
            raise ServiceError(-1, f"Unknown language: {language}")
        if "/" in filename or "\\" in filename or filename in {".", ".."}:
            raise ServiceError(-1, "Invalid filename")
        if filename in self._files:
            raise ServiceError(-21, "Cannot create wallet. Already exists.")
        keys = self._world.digest("wallet", f"{self._seed}/{filename}".encode())
        ledger = Ledger(self._world, self._daemon.index, keys)
        if filename:
            self._files[filename] = _File(ledger, password)
        self._open(ledger)
        return {}

    def _open(self, ledger: Ledger) -> None:
        self._ledger = ledger
        now = self._world.now()
        self._refreshed = now - (now - self.ready_at) % REFRESH_PERIOD

    def _open_wallet(self, params: Params) -> dict[str, Json]:
        filename, password = text(params, "filename"), text(params, "password")
        file = self._files.get(filename)
        if file is None or file.password != password:
            raise ServiceError(-1, "Failed to open wallet")
        self._open(file.ledger)
        return {}

    def _close_wallet(self, _ledger: Ledger, _params: Params) -> dict[str, Json]:
        self._ledger = None
        return {}

    def _stop_wallet(self, _ledger: Ledger, _params: Params) -> dict[str, Json]:
        self._stopped = True
        return {}

    def _store(self, _ledger: Ledger, _params: Params) -> dict[str, Json]:
        return {}

    def _account(self, ledger: Ledger, params: Params, name: str = "account_index") -> int:
        account = integer(params, name, largest=MAX_UINT32)
        if account >= len(ledger.labels):
            raise ServiceError(-14, "account index is out of bound")
        return account

    def _get_address(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        account = self._account(ledger, params)
        labels = ledger.labels[account]
        wanted = integers(params, "address_index") or range(len(labels))
        addresses: list[Json] = []
        for index in wanted:
            if index >= len(labels):
                raise ServiceError(-15, "address index is out of bound")
            addresses.append(
                {
                    "address": encode_address(ledger.address(account, index)),
                    "address_index": index,
                    "label": labels[index],
                    "used": (account, index) in ledger.used,
                }
            )
        return {"address": encode_address(ledger.address(account, 0)), "addresses": addresses}

    def _get_address_index(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        place = ledger.place(self._parse(text(params, "address"), "Invalid address").keys)
        if place is None:
            raise ServiceError(-2, "Address doesn't belong to the wallet")
        return {"index": {"major": place[0], "minor": place[1]}}

    def _create_address(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        count = integer(params, "count", 1, MAX_UINT32)
        if not 1 <= count <= _MAX_ADDRESSES:
            raise ServiceError(-1, "Count must be between 1 and 64.")
        account, label = self._account(ledger, params), text(params, "label")
        labels = ledger.labels[account]
        first = len(labels)
        labels.extend([label] * count)
        indices: list[Json] = list(range(first, first + count))
        addresses: list[Json] = [
            encode_address(ledger.address(account, index)) for index in range(first, first + count)
        ]
        return {
            "address": addresses[0],
            "address_index": first,
            "address_indices": indices,
            "addresses": addresses,
        }

    def _label_address(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        place = mapping(params.get("index"))
        account = self._account(ledger, place, "major")
        index, label = integer(place, "minor", largest=MAX_UINT32), text(params, "label")
        if index >= len(ledger.labels[account]):
            raise ServiceError(-15, "address index is out of bound")
        ledger.labels[account][index] = label
        return {}

    def _create_account(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        ledger.labels.append([text(params, "label")])
        account = len(ledger.labels) - 1
        return {"account_index": account, "address": encode_address(ledger.address(account, 0))}

    def _get_accounts(self, ledger: Ledger, _params: Params) -> dict[str, Json]:
        balances = ledger.balances()
        accounts: list[Json] = []
        for account, labels in enumerate(ledger.labels):
            held = [balance for place, balance in balances.items() if place[0] == account]
            accounts.append(
                {
                    "account_index": account,
                    "balance": sum(balance.total for balance in held),
                    "base_address": encode_address(ledger.address(account, 0)),
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

    def _get_balance(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        account = integer(params, "account_index", largest=MAX_UINT32)
        every, indices = flag(params, "all_accounts"), integers(params, "address_indices")
        balances = ledger.balances()
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
                self._subaddress(ledger, place, balances.get(place, _NOTHING)) for place in listed
            ]
        return result

    def _subaddress(self, ledger: Ledger, place: tuple[int, int], balance: Balance) -> Json:
        account, index = place
        if account >= len(ledger.labels) or index >= len(ledger.labels[account]):
            raise ServiceError(-15, "address index is out of bound")
        return {
            "account_index": account,
            "address": encode_address(ledger.address(account, index)),
            "address_index": index,
            "balance": balance.total,
            "blocks_to_unlock": balance.blocks_to_unlock,
            "label": ledger.labels[account][index],
            "num_unspent_outputs": balance.outputs,
            "time_to_unlock": 0,
            "unlocked_balance": balance.unlocked,
        }

    def _get_height(self, ledger: Ledger, _params: Params) -> dict[str, Json]:
        return {"height": ledger.view.height + 1}

    def _refresh(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        integer(params, "start_height")
        fetched, received = ledger.refresh(self._reach_daemon(-38, "no connection to daemon"))
        return {"blocks_fetched": fetched, "received_money": received}

    def _parse(self, address: str, message: str) -> Address:
        try:
            return decode_address(address)
        except ValueError:
            raise ServiceError(-2, message) from None

    def _request(self, ledger: Ledger, params: Params, payment_id: str) -> Request:
        now = self._reach_daemon(-4, "Failed to get height")
        tip = self._world.tip(self._daemon.index, now)
        priority = min(max(integer(params, "priority", largest=MAX_UINT32), 1), 4)
        return Request(
            account=integer(params, "account_index", largest=MAX_UINT32),
            indices=frozenset(integers(params, "subaddr_indices")),
            fee_per_byte=fees_per_byte(base_reward(tip.generated))[priority - 1],
            ring_pool=self._world.chain.ring_members(tip),
            outputs=tip.outputs,
            payment_id=payment_id,
        )

    def _pay(self, ledger: Ledger, params: Params) -> list[Draft]:
        if text(params, "payment_id"):
            raise ServiceError(
                -5, "Standalone payment IDs are obsolete. Use subaddresses or integrated addresses instead"
            )
        destinations, subaddresses, payment_id = [], set(), ""
        for entry in objects(params, "destinations"):
            address, amount = text(entry, "address"), integer(entry, "amount")
            parsed = self._parse(address, f"WALLET_RPC_ERROR_CODE_WRONG_ADDRESS: {address}")
            destinations.append(Destination(address, parsed.keys, amount))
            if parsed.kind == SUBADDRESS:
                subaddresses.add(parsed.keys)
            if parsed.kind == INTEGRATED:
                if payment_id:
                    raise ServiceError(-5, "A single payment id is allowed per transaction")
                payment_id = parsed.payment_id
        if not destinations:
            raise ServiceError(-20, "Transaction has no destination")
        if payment_id and len({destination.keys for destination in destinations}) > 1:
            raise ServiceError(-4, "transaction was not constructed")
        return pay(ledger, self._request(ledger, params, payment_id), destinations, subaddresses)

    def _commit(self, ledger: Ledger, drafts: list[Draft], params: Params) -> None:
        if flag(params, "do_not_relay"):
            return
        for draft in drafts:
            refused = self._daemon.accept(draft.transaction, relay=True)
            if refused:
                raise ServiceError(-4, "transaction was rejected by daemon")
            ledger.record(draft.sent)

    def _transfer(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        drafts = self._pay(ledger, params)
        if len(drafts) != 1:
            raise ServiceError(-18, "Transaction would be too large.  try /transfer_split.")
        self._commit(ledger, drafts, params)
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

    def _transfer_split(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        drafts = self._pay(ledger, params)
        self._commit(ledger, drafts, params)
        return self._several(drafts, params)

    def _sweep_all(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        address = text(params, "address")
        parsed = self._parse(address, f"WALLET_RPC_ERROR_CODE_WRONG_ADDRESS: {address}")
        request = self._request(ledger, params, parsed.payment_id)
        if flag(params, "subaddr_indices_all"):
            account = self._account(ledger, params)
            request = request._replace(indices=frozenset(range(len(ledger.labels[account]))))
        target = Destination(address, parsed.keys, 0)
        drafts = sweep(ledger, request, target, integer(params, "below_amount"))
        self._commit(ledger, drafts, params)
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
        return self._world.digest("transaction key", draft.transaction.id).hex()

    def _get_tx_key(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        identity = text(params, "txid")
        if not is_hash(identity):
            raise ServiceError(-8, "TX ID has invalid format")
        sent = ledger.sent.get(bytes.fromhex(identity))
        if sent is None:
            raise ServiceError(-24, "No tx secret key is stored for this tx")
        return {"tx_key": self._world.digest("transaction key", sent.transaction.id).hex()}

    def _relay_tx(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        blob = text(params, "hex")
        try:
            identity = parse_blob(blob)
        except ValueError:
            raise ServiceError(-26, "Failed to parse hex.") from None
        transaction = self._world.drafts.get(identity) or self._world.transactions.get(identity)
        if transaction is None:
            raise ServiceError(-27, "Failed to parse tx metadata.")
        self._reach_daemon(-38, "no connection to daemon")
        if self._daemon.accept(transaction, relay=True):
            raise ServiceError(-4, "Failed to commit tx.")
        if identity in ledger.drafts:
            ledger.record(ledger.drafts[identity])
        return {"tx_hash": identity.hex()}

    def _get_transfers(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        account, indices = self._account(ledger, params), set(integers(params, "subaddr_indices"))
        every = flag(params, "all_accounts")
        low, high = 0, MAX_UINT32
        if flag(params, "filter_by_height"):
            low, high = integer(params, "min_height"), integer(params, "max_height", MAX_UINT32)
        wanted = {kind: flag(params, kind) for kind in ("in", "out", "pending", "failed", "pool")}

        def chosen(payment: Payment) -> bool:
            return every or (payment.account == account and (not indices or payment.minor in indices))

        result: dict[str, list[Json]] = {kind: [] for kind in wanted}
        if wanted["in"]:
            for payment in ledger.payments():
                if payment.block is not None and low < payment.block.height <= high and chosen(payment):
                    result["in"].append(entries.incoming(ledger, payment))
        if wanted["out"] or wanted["pending"] or wanted["failed"]:
            for sent in reversed(ledger.sent.values()):
                if not every and (sent.account != account or (indices and indices.isdisjoint(sent.indices))):
                    continue
                kind = "failed" if sent.failed else "pending" if sent.block is None else "out"
                within = sent.block is None or low < sent.block.height <= high
                if wanted[kind] and within:
                    result[kind].append(entries.outgoing(ledger, sent))
        if wanted["pool"]:
            ledger.update_pool(self._reach_daemon(0, ""))
            result["pool"].extend(entries.incoming(ledger, payment) for payment in ledger.pool_payments() if chosen(payment))
        return {kind: found for kind, found in result.items() if found}

    def _get_transfer_by_txid(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        wanted = text(params, "txid")
        if len(wanted) != 64:  # noqa: PLR2004  (32 bytes)
            raise ServiceError(-8, f"Transaction ID has invalid {'format' if wanted else 'size: '}")
        if not is_hash(wanted):
            raise ServiceError(-8, "Transaction ID has invalid format")
        self._account(ledger, params)
        identity = bytes.fromhex(wanted)
        found: list[Json] = []
        transaction = self._world.transactions.get(identity)
        holding = None if transaction is None else self._world.chain.block_of(ledger.view, transaction)
        if transaction is None:
            found.extend(
                entries.incoming(ledger, payment)
                for payment in ledger.payments()
                if payment.transaction.id == identity
            )
        elif holding is not None:
            found.extend(entries.incoming(ledger, payment) for payment in ledger.payments_of(transaction, holding))
        sent = ledger.sent.get(identity)
        if sent is not None:
            found.append(entries.outgoing(ledger, sent))
        if not found:
            ledger.update_pool(self._reach_daemon(0, ""))
            found.extend(
                entries.incoming(ledger, payment)
                for payment in ledger.pool_payments()
                if payment.transaction.id == identity
            )
        if not found:
            raise ServiceError(-8, "Transaction not found.")
        return {"transfer": found[0], "transfers": found}

    def _incoming_transfers(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        kind = text(params, "transfer_type")
        if kind not in {"all", "available", "unavailable"}:
            raise ServiceError(-6, "Transfer type must be one of: all, available, or unavailable")
        account, indices = integer(params, "account_index", largest=MAX_UINT32), set(integers(params, "subaddr_indices"))
        found: list[Json] = []
        for holding in ledger.holdings.values():
            if holding.account == account and (not indices or holding.index in indices):
                entry = entries.output(ledger, holding)
                if kind == "all" or (kind == "unavailable") == entry["spent"]:
                    found.append(entry)
        return {"transfers": found} if found else {}

    def _get_payments(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        return self._payments(ledger, [text(params, "payment_id")], 0)

    def _get_bulk_payments(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        return self._payments(ledger, texts(params, "payment_ids"), integer(params, "min_block_height"))

    def _payments(self, ledger: Ledger, payment_ids: list[str], above: int) -> dict[str, Json]:
        for payment_id in payment_ids:
            if len(payment_id) not in {16, 64}:
                raise ServiceError(-5, "Payment ID has invalid format")
        found: list[Json] = [
            entries.bulk(ledger, payment, payment.block.height)
            for payment in ledger.payments()
            if payment.block is not None
            and payment.block.height > above
            and (not payment_ids or payment.transaction.payment_id in payment_ids)
        ]
        return {"payments": found} if found else {}

    def _validate_address(self, _ledger: Ledger, params: Params) -> dict[str, Json]:
        try:
            parsed: Address | None = decode_address(text(params, "address"))
        except ValueError:
            parsed = None
        return {
            "integrated": parsed is not None and parsed.kind == INTEGRATED,
            "nettype": "" if parsed is None else "mainnet",
            "openalias_address": "",
            "subaddress": parsed is not None and parsed.kind == SUBADDRESS,
            "valid": parsed is not None,
        }

    def _make_integrated_address(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        payment_id, standard = text(params, "payment_id"), text(params, "standard_address")
        if not payment_id:
            payment_id = ledger.identity([b"payment id"])[:8].hex()
        if len(payment_id) != 16 or not is_hash(payment_id * 4):  # noqa: PLR2004  (8 bytes)
            raise ServiceError(-5, "Invalid payment ID")
        if standard:
            parsed = self._parse(standard, "Invalid address")
            if parsed.kind == SUBADDRESS:
                raise ServiceError(-2, "Subaddress shouldn't be used")
            if parsed.kind == INTEGRATED:
                raise ServiceError(-2, "Already integrated address")
            whole = Address(INTEGRATED, parsed.keys, payment_id)
        else:
            whole = ledger.keys.integrated(payment_id)
        return {"integrated_address": encode_address(whole), "payment_id": payment_id}

    def _split_integrated_address(self, _ledger: Ledger, params: Params) -> dict[str, Json]:
        parsed = self._parse(text(params, "integrated_address"), "Invalid address")
        if parsed.kind != INTEGRATED:
            raise ServiceError(-2, "Address is not an integrated address")
        return {
            "is_subaddress": False,
            "payment_id": parsed.payment_id,
            "standard_address": encode_address(Address(18, parsed.keys, "")),
        }

    def _query_key(self, ledger: Ledger, params: Params) -> dict[str, Json]:
        kind = text(params, "key_type")
        secret = {"view_key": ledger.keys.view_secret, "spend_key": ledger.keys.spend_secret}.get(kind)
        if secret is None:
            raise ServiceError(0, f"key_type {kind} not found")
        return {"key": secret.to_bytes(32, "little").hex()}


def _key_images(draft: Draft) -> Json:
    return {"key_images": [output.key_image.hex() for output in draft.transaction.inputs]}
