"""Make a fixed list of calls to a monerod and two wallets, and write the answers as JSON.

The services are real ones or the model's; tests/conformance makes the same calls to both. The daemon must be a
fresh regtest one (--regtest --keep-fakechain --fixed-difficulty 1 --offline), the wallets must have no files::

    python tools/record_rpc.py --daemon URL --miner URL --user URL [--comparable] > answers.json
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping

import requests
from rpc_calls import play_more

from monerosim.rpc.transport import Json

Post = Callable[[str, bytes], Json]
"""Posts bytes to a path of one service and returns the answer, or the HTTP status where that is not 200."""

NO_HASH = "0" * 64
SPENDABLE = 110
"""Blocks mined before anything is paid: monero-wallet-rpc 0.18.0.0 was seen to loop for ever choosing ring members
with 86 blocks, where it asks for all outputs there are."""

PAYMENT = 10**12
FOREIGN = {
    "testnet": "9wviCeWe2D8XS82k2ovp5EUYLzBt9pYNW2LXUFsZiv8S3Mt21FZ5qQaAroko1enzw3eGr9qC7X1D7Geoo2RrAotYPwq9Gm8",
    "stagenet": "53teqCAESLxeJ1REzGMAat1ZeHvuajvDiXqboEocPaDRRmqWoVPzy46GLo866qRFjbNhfkNckyhST3WEvBviDwpUDd7DSzB",
}
"""Addresses of other networks (from src/wallet's tests)."""


class Session:
    """Three services and their answers so far.

    Args:
        daemon: A monerod.
        miner: A wallet that mines.
        user: A wallet that is paid.

    Attributes:
        answers: The answer of each labelled call.
    """

    def __init__(self, daemon: Post, miner: Post, user: Post) -> None:
        self.services = {"daemon": daemon, "miner": miner, "user": user}
        self.answers: dict[str, Json] = {}

    def call(self, label: str, service: str, method: str, params: Json = None) -> dict[str, Json]:
        """Call a JSON-RPC method, or an endpoint if ``method`` begins with a slash; record the answer if labelled."""
        if method.startswith("/"):
            return self.post(label, service, method, json.dumps(params or {}))
        body: dict[str, Json] = {"jsonrpc": "2.0", "id": "0", "method": method}
        if params is not None:
            body["params"] = params
        return self.post(label, service, "/json_rpc", json.dumps(body))

    def post(self, label: str, service: str, path: str, body: str) -> dict[str, Json]:
        """Post a text to a path; record the answer if labelled."""
        answer = self.services[service](path, body.encode())
        if label:
            self.answers[f"{service} {label}"] = answer
        return answer if isinstance(answer, dict) else {}

    def result(self, service: str, method: str, params: Json = None) -> dict[str, Json]:
        """Call a method and return its result; raise LookupError if it answered an error."""
        match self.call("", service, method, params):
            case {"result": dict(result)}:
                return result
        raise LookupError(f"{service} refused {method}")

    def mine(self, count: int, address: Json) -> list[Json]:
        """Mine blocks to an address, let both wallets see them, and return the hashes."""
        mined = self.result("daemon", "generateblocks", {"amount_of_blocks": count, "wallet_address": address})
        for wallet in ("miner", "user"):
            self.result(wallet, "refresh")
        blocks = mined["blocks"]
        return blocks if isinstance(blocks, list) else []


def play(session: Session) -> dict[str, Json]:
    """Make all calls, in a fixed order.

    Returns:
        Label to answer.
    """
    _envelopes(session)
    _without_wallet(session)
    _files(session)
    _without_looks_of_their_own(session)
    addresses = {wallet: session.result(wallet, "get_address")["address"] for wallet in ("miner", "user")}
    _addresses(session, addresses)
    _unusual(session)
    _mining(session, addresses)
    _refused_calls(session)
    _payment(session, addresses)
    _blocks(session)
    _confirmed(session, addresses)
    _fork(session, addresses)
    _to_oneself(session, addresses)
    _taken_out(session, addresses)
    play_more(session, addresses)
    return session.answers


def _envelopes(session: Session) -> None:
    for service in ("daemon", "user"):
        for label, body in (
            ("broken", "{bad"),
            ("list", "[]"),
            ("empty", ""),
            ("no method", '{"id": "x"}'),
            ("method type", '{"id": "x", "method": 7}'),
            ("null id", '{"id": null, "method": "get_version"}'),
            ("no id", '{"method": "get_version"}'),
            ("unknown method without id", '{"method": "nonsense"}'),
        ):
            session.post(f"envelope: {label}", service, "/json_rpc", body)
        session.post("path unknown", service, "/nonsense", "{}")
    session.post("path broken", "daemon", "/get_height", "{bad")
    session.call("path parameter type", "daemon", "/send_raw_transaction", {"tx_as_hex": 5})


def _without_wallet(session: Session) -> None:
    for method in ("get_address", "get_balance", "get_height", "refresh", "transfer", "close_wallet"):
        session.call(f"{method} without a wallet", "user", method)
    session.call("unknown method", "user", "nonsense")
    session.call("get_version", "user", "get_version")
    session.call("open_wallet unknown", "user", "open_wallet", {"filename": "nobody", "password": ""})


def _files(session: Session) -> None:
    for wallet in ("miner", "user"):
        named: dict[str, Json] = {"filename": wallet, "password": "", "language": "English"}
        session.call("create_wallet", wallet, "create_wallet", named)
        session.call("create_wallet again", wallet, "create_wallet", named)
    session.call("create_wallet language", "user", "create_wallet", {"filename": "x", "language": "Klingon"})
    session.call("create_wallet path", "user", "create_wallet", {"filename": "../x", "language": "English"})
    session.call("create_wallet type", "user", "create_wallet", {"filename": 3})
    session.call("open_wallet path", "user", "open_wallet", {"filename": "../user"})
    session.call("store", "user", "store")
    session.call("close_wallet", "user", "close_wallet")
    session.call("open_wallet", "user", "open_wallet", {"filename": "user", "password": ""})


def _without_looks_of_their_own(session: Session) -> None:
    """Let wallets refresh when they are asked only: a look of their own, each 20 s, would come between two calls."""
    for wallet in ("miner", "user"):
        session.result(wallet, "auto_refresh", {"enable": False})


def _addresses(session: Session, addresses: Mapping[str, Json]) -> None:
    call = session.call
    call("get_address", "user", "get_address")
    call("create_address", "user", "create_address", {"account_index": 0, "label": "shop"})
    call("create_address two", "user", "create_address", {"account_index": 0, "count": 2})
    call("create_address account", "user", "create_address", {"account_index": 9})
    call("get_address one", "user", "get_address", {"account_index": 0, "address_index": [1]})
    call("get_address index", "user", "get_address", {"account_index": 0, "address_index": [99]})
    call("label_address", "user", "label_address", {"index": {"major": 0, "minor": 1}, "label": "stall"})
    call("create_account", "user", "create_account", {"label": "savings"})
    call("get_accounts", "user", "get_accounts")
    call("get_address_index", "user", "get_address_index", {"address": addresses["user"]})
    call("get_address_index foreign", "user", "get_address_index", {"address": addresses["miner"]})
    for label, address in (("own", addresses["user"]), ("bad", "x"), ("none", "")):
        call(f"validate_address {label}", "user", "validate_address", {"address": address})
    made = call("make_integrated_address", "user", "make_integrated_address", {"payment_id": "1122334455667788"})
    call("make_integrated_address bad", "user", "make_integrated_address", {"payment_id": "11"})
    result = made.get("result")
    integrated = result["integrated_address"] if isinstance(result, dict) else ""
    call("split_integrated_address", "user", "split_integrated_address", {"integrated_address": integrated})
    call("split_integrated_address bad", "user", "split_integrated_address", {"integrated_address": "x"})
    for net, address in FOREIGN.items():
        for anywhere in (False, True):
            asked: dict[str, Json] = {"address": address, "any_net_type": anywhere}
            call(f"validate_address {net} {anywhere}", "user", "validate_address", asked)
    call("query_key", "user", "query_key", {"key_type": "view_key"})
    call("query_key unknown", "user", "query_key", {"key_type": "x"})


def _unusual(session: Session) -> None:
    """Ask for things that do not exist, and with values of the wrong types."""
    call = session.call
    call("get_balance nobody", "user", "get_balance", {"account_index": 0, "address_indices": [99]})
    call("get_transfers nobody", "user", "get_transfers", {"in": True, "account_index": 9})
    call("get_transfer_by_txid nobody", "user", "get_transfer_by_txid", {"txid": NO_HASH, "account_index": 9})
    for label, value in (("text", "0"), ("truth", True), ("none", None), ("nothing", []), ("object", {})):
        call(f"small number: {label}", "user", "get_balance", {"account_index": value})
        call(f"large number: {label}", "user", "refresh", {"start_height": value})
        call(f"truth: {label}", "user", "get_balance", {"all_accounts": value})
    lists: tuple[list[Json], ...] = (["0"], [True], [None], [-1])
    for values in lists:
        call(f"small numbers: {values}", "user", "get_balance", {"address_indices": values})
    for version in (1, 14, 17, 300, "1"):
        call(f"hard_fork_info {version!r}", "daemon", "hard_fork_info", {"version": version})


def _mining(session: Session, addresses: Mapping[str, Json]) -> None:
    call, miner, user = session.call, addresses["miner"], addresses["user"]
    call("generateblocks", "daemon", "generateblocks", {"amount_of_blocks": 3, "wallet_address": miner})
    call("generateblocks address", "daemon", "generateblocks", {"amount_of_blocks": 1, "wallet_address": "x"})
    call("generateblocks none", "daemon", "generateblocks", {"amount_of_blocks": 0, "wallet_address": miner})
    call("generateblocks to nobody", "daemon", "generateblocks", {"amount_of_blocks": 0, "wallet_address": "x"})
    call("generateblocks empty", "daemon", "generateblocks", {})
    nonce: dict[str, Json] = {"amount_of_blocks": 1, "wallet_address": miner, "starting_nonce": "5"}
    call("generateblocks nonce", "daemon", "generateblocks", nonce)
    made = session.result("user", "create_address", {"account_index": 0})["address"]
    call("generateblocks subaddress", "daemon", "generateblocks", {"amount_of_blocks": 1, "wallet_address": made})
    aside: dict[str, Json] = {"wallet_address": miner, "reserve_size": 8, "prev_block": NO_HASH}
    call("get_block_template prev_block", "daemon", "get_block_template", aside)
    unknown = {"amount_of_blocks": 1, "wallet_address": miner, "prev_block": NO_HASH}
    call("generateblocks prev_block", "daemon", "generateblocks", unknown)
    payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}], "do_not_relay": True}
    for count in (60, 61, 75):
        height = session.result("daemon", "get_block_count")["count"]
        session.mine(count - (height if isinstance(height, int) else 0), miner)
        call(f"get_balance at {count}", "miner", "get_balance")
        call(f"transfer at {count}", "miner", "transfer", payment)
    session.mine(1, miner)
    call("transfer at 76", "miner", "transfer", payment)
    session.mine(SPENDABLE - 76, miner)


def _refused_calls(session: Session) -> None:
    call = session.call
    call("height too great", "daemon", "get_block", {"height": 9999})
    call("height not a number", "daemon", "get_block", {"height": "x"})
    call("height negative", "daemon", "get_block", {"height": -1})
    call("hash unknown", "daemon", "get_block", {"hash": NO_HASH})
    call("hash bad", "daemon", "get_block_header_by_hash", {"hash": "zz"})
    call("header too high", "daemon", "get_block_header_by_height", {"height": 9999})
    call("range bad", "daemon", "get_block_headers_range", {"start_height": 3, "end_height": 2})
    call("on_get_block_hash none", "daemon", "on_get_block_hash", [])
    call("on_get_block_hash too high", "daemon", "on_get_block_hash", [9999])
    call("unknown method", "daemon", "nonsense")
    call("send_raw_transaction not hex", "daemon", "/send_raw_transaction", {"tx_as_hex": "zz"})
    call("send_raw_transaction rubbish", "daemon", "/send_raw_transaction", {"tx_as_hex": "00"})
    call("get_transactions unknown", "daemon", "/get_transactions", {"txs_hashes": [NO_HASH]})
    call("get_transactions bad", "daemon", "/get_transactions", {"txs_hashes": ["zz"]})
    call("is_key_image_spent unknown", "daemon", "/is_key_image_spent", {"key_images": [NO_HASH]})


def _payment(session: Session, addresses: Mapping[str, Json]) -> None:
    call, user = session.call, addresses["user"]

    def to_user(label: str, *amounts: int, **more: Json) -> dict[str, Json]:
        destinations: list[Json] = [{"address": user, "amount": amount} for amount in amounts]
        return call(label, "miner", "transfer", {"destinations": destinations, **more})

    for priority in range(1, 5):
        to_user(f"transfer priority {priority}", PAYMENT, do_not_relay=True, priority=priority)
    for count in (2, 3, 4, 8, 15, 16):
        to_user(f"transfer to {count}", *[PAYMENT] * count, do_not_relay=True)
    to_user("transfer nothing", 0)
    to_user("transfer too much", 10**18)
    to_user("transfer far too much", 2**64 - 1)
    call("transfer nowhere", "miner", "transfer", {"destinations": []})
    call("transfer bad address", "miner", "transfer", {"destinations": [{"address": "x", "amount": 1}]})
    call("transfer amount type", "miner", "transfer", {"destinations": [{"address": user, "amount": 1.5}]})
    to_user("transfer overflow", 2**63, 2**63)
    to_user("transfer flag type", PAYMENT, do_not_relay=True, get_tx_hex=1)
    to_user("transfer priority type", PAYMENT, do_not_relay=True, priority="2")
    to_user("transfer payment_id", PAYMENT, payment_id="11" * 32)
    integrated = session.result("user", "make_integrated_address", {"payment_id": "11" * 8})["integrated_address"]
    with_id: dict[str, Json] = {"address": integrated, "amount": PAYMENT}
    for label, others in (("", []), (" and the same", [user]), (" and its own", [addresses["miner"]])):
        destinations: list[Json] = [with_id, *({"address": other, "amount": PAYMENT} for other in others)]
        call(f"transfer integrated{label}", "miner", "transfer", {"destinations": destinations, "do_not_relay": True})
    split: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}] * 20, "do_not_relay": True}
    call("transfer_split", "miner", "transfer_split", split)
    call("sweep_all", "miner", "sweep_all", {"address": user, "do_not_relay": True})
    below = session.result("daemon", "get_block_header_by_height", {"height": 46})["block_header"]
    few: dict[str, Json] = {"address": user, "below_amount": below["reward"] if isinstance(below, dict) else 0}
    for outputs in (0, 3, 16, 17):
        call(f"sweep_all to {outputs}", "miner", "sweep_all", {**few, "outputs": outputs, "do_not_relay": True})
    call("sweep_all integrated", "miner", "sweep_all", {**few, "address": integrated, "do_not_relay": True})
    call("sweep_all nowhere", "miner", "sweep_all", {"address": user, "subaddr_indices": [7]})
    call("sweep_all unfunded", "user", "sweep_all", {"address": user})
    call("transfer unfunded", "user", "transfer", {"destinations": [{"address": user, "amount": 1}]})
    payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}], "get_tx_hex": True}
    rival = session.result("miner", "transfer", {**payment, "do_not_relay": True})
    sent = session.result("miner", "transfer", {**payment, "get_tx_key": True})
    session.answers["miner transfer"] = sent
    call("send_raw_transaction known", "daemon", "/send_raw_transaction", {"tx_as_hex": sent["tx_blob"]})
    call("send_raw_transaction rival", "daemon", "/send_raw_transaction", {"tx_as_hex": rival["tx_blob"]})
    call("get_transfers pending", "miner", "get_transfers", {"pending": True, "out": True, "failed": True})
    call("get_balance pending", "miner", "get_balance", {"account_index": 0})
    call("get_transfers pool", "user", "get_transfers", {"pool": True})
    call("get_balance pool", "user", "get_balance", {"account_index": 0})
    call("get_transfer_by_txid pool", "user", "get_transfer_by_txid", {"txid": sent["tx_hash"]})
    call("get_transfer_by_txid pending", "miner", "get_transfer_by_txid", {"txid": sent["tx_hash"]})
    call("get_transfer_by_txid unknown", "user", "get_transfer_by_txid", {"txid": NO_HASH})
    call("get_transfer_by_txid bad", "user", "get_transfer_by_txid", {"txid": ""})
    for path in ("/get_transaction_pool", "/get_transaction_pool_hashes", "/get_transaction_pool_stats"):
        call(f"{path} filled", "daemon", path)
    for decode in (False, True):
        asked: dict[str, Json] = {"txs_hashes": [sent["tx_hash"]], "decode_as_json": decode}
        call(f"get_transactions pool {decode}", "daemon", "/get_transactions", asked)


def _blocks(session: Session) -> None:
    call = session.call
    for method in (
        "get_info",
        "get_block_count",
        "getblockcount",
        "get_last_block_header",
        "getlastblockheader",
        "get_connections",
        "get_alternate_chains",
        "get_fee_estimate",
        "hard_fork_info",
        "get_version",
        "sync_info",
    ):
        call(method, "daemon", method)
    proof: dict[str, Json] = {"height": 0, "fill_pow_hash": True}
    call("get_last_block_header proof", "daemon", "get_last_block_header", proof)
    call("get_block_header_by_height proof", "daemon", "get_block_header_by_height", proof)
    for path in ("/get_height", "/get_info", "/get_alt_blocks_hashes"):
        call(path, "daemon", path)
    for height, count in ((0, 1), (1, 110), (100, 50), (1, 0), (1, 100_000), (100_000, 1)):
        params: dict[str, Json] = {"height": height, "count": count}
        call(f"get_coinbase_tx_sum {height} {count}", "daemon", "get_coinbase_tx_sum", params)
    for height in (0, 1, 2, 3, 50, 109):
        call(f"get_block {height}", "daemon", "get_block", {"height": height})
    call("get_block_headers_range", "daemon", "get_block_headers_range", {"start_height": 1, "end_height": 2})
    call("on_get_block_hash", "daemon", "on_get_block_hash", [1])


def _confirmed(session: Session, addresses: Mapping[str, Json]) -> None:
    call, miner = session.call, addresses["miner"]
    template: dict[str, Json] = {"wallet_address": miner, "reserve_size": 8}
    call("get_block_template", "daemon", "get_block_template", template)
    (found,) = session.mine(1, miner)
    block = call("get_block with a payment", "daemon", "get_block", {"hash": found})
    result = block.get("result")
    hashes = result.get("tx_hashes", []) if isinstance(result, dict) else []
    call("get_transactions confirmed", "daemon", "/get_transactions", {"txs_hashes": hashes})
    for form in (["prune"], ["split"], ["prune", "split"], ["prune", "decode_as_json"]):
        asked: dict[str, Json] = {"txs_hashes": hashes, **dict.fromkeys(form, True)}
        call(f"get_transactions {' '.join(form)}", "daemon", "/get_transactions", asked)
    call("get_transfers in", "user", "get_transfers", {"in": True, "pool": True})
    call("get_transfers out", "miner", "get_transfers", {"out": True, "pending": True})
    call("get_transfers low", "user", "get_transfers", {"in": True, "filter_by_height": True, "min_height": 110})
    call("incoming_transfers", "user", "incoming_transfers", {"transfer_type": "all"})
    call("incoming_transfers unavailable", "user", "incoming_transfers", {"transfer_type": "unavailable"})
    call("incoming_transfers type", "user", "incoming_transfers", {"transfer_type": "x"})
    for payment_id in ("", "11", "zz" * 8, "11" * 8):
        call(f"get_payments {payment_id!r}", "user", "get_payments", {"payment_id": payment_id})
    call("get_bulk_payments", "user", "get_bulk_payments", {"payment_ids": [], "min_block_height": 0})
    back: dict[str, Json] = {"destinations": [{"address": miner, "amount": PAYMENT // 10}]}
    for confirmations in (1, 9, 10):
        if confirmations > 1:
            session.mine(8 if confirmations == 9 else 1, miner)  # noqa: PLR2004  (from 1 to 9)
        call(f"get_balance after {confirmations}", "user", "get_balance", {"account_index": 0})
        call(f"get_height after {confirmations}", "user", "get_height")
        call(f"transfer after {confirmations}", "user", "transfer", back)
    call("transfer again", "user", "transfer", back)
    call("get_accounts after", "user", "get_accounts")


def _fork(session: Session, addresses: Mapping[str, Json]) -> None:
    """Build a branch two blocks below the tip, check it as an alternative chain, then let it win."""
    call, user = session.call, addresses["user"]
    (old, *_) = session.mine(3, addresses["miner"])
    branch: dict[str, Json] = {"amount_of_blocks": 1, "wallet_address": user, "prev_block": old}
    aside = session.result("daemon", "generateblocks", branch)["blocks"]
    call("get_alternate_chains forked", "daemon", "get_alternate_chains")
    call("/get_alt_blocks_hashes forked", "daemon", "/get_alt_blocks_hashes")
    tip = aside[0] if isinstance(aside, list) else ""
    call("get_block aside", "daemon", "get_block", {"hash": tip})
    branch.update(amount_of_blocks=2, prev_block=tip)
    call("generateblocks branch", "daemon", "generateblocks", branch)
    call("get_info reorganised", "daemon", "get_info")
    call("get_alternate_chains reorganised", "daemon", "get_alternate_chains")
    call("refresh reorganised", "user", "refresh")
    call("get_height reorganised", "user", "get_height")
    call("get_transfers mined", "user", "get_transfers", {"in": True, "out": True})


def _to_oneself(session: Session, addresses: Mapping[str, Json]) -> None:
    """Pay to oneself, and empty an account."""
    call, miner = session.call, addresses["miner"]
    own = session.result("miner", "create_account")["address"]
    both: dict[str, Json] = {"destinations": [{"address": address, "amount": PAYMENT} for address in (miner, own)]}
    sent = session.result("miner", "transfer", both)["tx_hash"]
    call("get_transfer_by_txid to itself, pending", "miner", "get_transfer_by_txid", {"txid": sent})
    session.mine(10, miner)
    alone: dict[str, Json] = {"destinations": [{"address": miner, "amount": PAYMENT}]}
    sent = session.result("miner", "transfer", alone)["tx_hash"]
    session.mine(1, miner)
    call("get_transfer_by_txid to itself", "miner", "get_transfer_by_txid", {"txid": sent})
    session.result("miner", "sweep_all", {"address": addresses["user"], "account_index": 1})
    call("get_balance swept", "miner", "get_balance", {"account_index": 1})
    session.mine(1, miner)


def _taken_out(session: Session, addresses: Mapping[str, Json]) -> None:
    """Reorganise away the block that holds a payment, and mine the payment again."""
    call, miner, user = session.call, addresses["miner"], addresses["user"]
    payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}]}
    asked = {"txid": session.result("miner", "transfer", payment)["tx_hash"]}
    before = session.result("daemon", "get_last_block_header")["block_header"]
    # Both wallets look into the txpool: a transaction that a wallet has not seen there may come up later.
    session.result("user", "get_transfers", {"pool": True})
    session.mine(1, miner)
    call("get_transfer_by_txid confirmed", "miner", "get_transfer_by_txid", asked)
    branch: dict[str, Json] = {"amount_of_blocks": 2, "wallet_address": user}
    branch["prev_block"] = before["hash"] if isinstance(before, dict) else ""
    session.result("daemon", "generateblocks", branch)
    for label in ("taken out", "put in again"):
        for wallet in ("miner", "user"):
            session.result(wallet, "refresh")
            call(f"get_transfer_by_txid {label}", wallet, "get_transfer_by_txid", asked)
        call(f"get_balance {label}", "miner", "get_balance", {"account_index": 0})
        call(f"/get_transaction_pool_hashes {label}", "daemon", "/get_transaction_pool_hashes")
        session.mine(1, user)


def shape(value: Json) -> Json:
    """Return the shape of a value: names and types, and the distinct shapes of a list's members."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in sorted(value.items())}
    if isinstance(value, list):
        members: list[Json] = []
        for member in map(shape, value):
            if member not in members:
                members.append(member)
        return members
    return {bool: "boolean", int: "integer", float: "number", str: "string"}.get(type(value), "null")


VOLATILE = frozenset(
    {"adjusted_time", "block_timestamp", "database_size", "free_space", "last_relayed_time", "oldest", "timestamp"}
    | {"received_timestamp", "receive_time", "reserved_offset", "rpc_connections_count", "start_time"}
    | {"global_index"}  # a transaction's outputs come in random order
    | {"max_used_block_height", "time_to_unlock"}  # the newest ring member's, and what depends on the clock
)
"""Numbers that differ from run to run or machine to machine."""

NOT_HEEDED = "not_heeded"
"""The field of the model's answers that real ones do not have: it names what the model does not heed."""

_UNORDERED = frozenset({"chains", "in"})
"""Lists whose order the real programs leave to a hash table."""

_BLOCKS = 1_000_000
"""More blocks than an amount can ask for: they come of an unlock time by the clock."""

_BAN = 100
"""To so many seconds the rest of a ban is rounded up."""

_OPAQUE = 16
"""Texts from this length on are hashes, keys, addresses and blobs, unless they are sentences."""


def comparable(value: Json, name: str = "") -> Json:
    """Return the part of an answer that is the same in every run: opaque texts and volatile numbers become their types.

    Embedded JSON becomes its shape, without the proofs in it (``rctsig_prunable``), which the model does not make.
    """
    if isinstance(value, dict):
        told = {key: member for key, member in value.items() if key != NOT_HEEDED}
        return {key: comparable(member, key) for key, member in sorted(told.items())}
    if isinstance(value, list):
        members = [comparable(member, name) for member in value]
        return sorted(members, key=json.dumps) if name in _UNORDERED else members
    if name == "seed" or (name == "suggested_confirmations_threshold" and isinstance(value, int) and value > _BLOCKS):
        return "<clock or chance>"
    if isinstance(value, str) and value.startswith("{"):
        embedded = json.loads(value)
        embedded.pop("rctsig_prunable", None)
        return shape(embedded)
    if isinstance(value, str) and len(value) >= _OPAQUE and " " not in value:
        return "<text>"
    return _steady(value, name) if isinstance(value, int) else value


def _steady(value: int, name: str) -> Json:
    """Return what of a number is the same in every run."""
    if name == "seconds":
        # Those that are left of a ban: now and then one has passed before the question comes.
        return -(-value // _BAN) * _BAN
    return "<number>" if name in VOLATILE else value


def http(url: str) -> Post:
    """Return a connection to a service."""
    session = requests.Session()

    def post(path: str, body: bytes) -> Json:
        # A wallet that is busy verifying is slow; one that loops for ever must not hold up the tests for ever.
        response = session.post(url + path, data=body, timeout=600)
        if response.status_code != requests.codes.ok:
            # The services close the connection after a refusal, and a call on it may come just before they do.
            session.close()
            return {"HTTP status": response.status_code, "text": response.text}
        try:
            answer: Json = response.json()
        except ValueError:
            # Some answers carry bytes that are no text (KV_SERIALIZE_CONTAINER_POD_AS_BLOB).
            answer = {"no JSON": response.content.hex()}
        return answer

    return post


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for service in ("daemon", "miner", "user"):
        parser.add_argument(f"--{service}", required=True, metavar="URL")
    parser.add_argument("--comparable", action="store_true", help="write only what is the same in every run")
    chosen = parser.parse_args()
    answers = play(Session(http(chosen.daemon), http(chosen.miner), http(chosen.user)))
    if chosen.comparable:
        answers = {label: comparable(answer) for label, answer in answers.items()}
    json.dump(answers, sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
