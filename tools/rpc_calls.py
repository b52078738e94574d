"""Calls of record_rpc.py to the methods beyond the everyday ones, by subject; the odd ones are among them."""

from collections.abc import Mapping
from typing import Protocol

from monerosim.rpc.transport import Json

NO_HASH = "0" * 64
PAYMENT = 10**12
_LONG = 15
FUTURE = 4_000_000_000
"""A unix time that is far ahead."""


class Session(Protocol):
    """The services (record_rpc.py has it)."""

    def call(self, label: str, service: str, method: str, params: Json = None) -> dict[str, Json]:
        """Call a method; record the answer if labelled."""

    def result(self, service: str, method: str, params: Json = None) -> dict[str, Json]:
        """Call a method and return its result."""

    def mine(self, count: int, address: Json) -> list[Json]:
        """Mine blocks to an address, let both wallets see them, and return the hashes."""


Addresses = Mapping[str, Json]


def play_more(session: Session, addresses: Addresses) -> None:
    """Make all these calls, after those of record_rpc.py."""
    _peers(session)
    _limits(session)
    _templates(session, addresses)
    _miner(session, addresses)
    _outputs(session)
    _flushing(session, addresses)
    _notes(session, addresses)
    _tags(session)
    _uris(session, addresses)
    _signatures(session, addresses)
    _proofs(session, addresses)
    _kept_back(session, addresses)
    _locked(session, addresses)
    _frozen(session)
    _single_sweeps(session, addresses)
    _accounts(session, addresses)
    _bulk(session, addresses)
    _key_images(session)
    _odd_payments(session, addresses)
    _popped(session, addresses)
    _restored(session)
    _service(session)


def _odd(session: Session, service: str, method: str, *odd: dict[str, Json]) -> None:
    """Call a method without parameters, and with odd ones."""
    session.call(f"{method} empty", service, method, {})
    for number, params in enumerate(odd):
        session.call(f"{method} odd {number}: {_shown(params)}", service, method, params)


def _shown(value: Json) -> Json:
    """Return parameters for a label: without what differs from run to run."""
    if isinstance(value, dict):
        return {name: _shown(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_shown(member) for member in value]
    return "..." if isinstance(value, str) and len(value) > _LONG else value


def _peers(session: Session) -> None:
    call = session.call
    call("get_bans none", "daemon", "get_bans")
    bans: list[Json] = [
        {"host": "10.1.2.3", "ban": True, "seconds": 1000},
        {"host": "10.2.0.0/16", "ban": True, "seconds": 1000},
        {"ip": 67305985, "ban": True, "seconds": 1000},
    ]
    call("set_bans", "daemon", "set_bans", {"bans": bans})
    for address in ("10.1.2.3", "10.2.3.4", "1.2.3.4", "10.3.0.1", "x", "10.1.2.3:18080"):
        call(f"banned {address}", "daemon", "banned", {"address": address})
    call("get_bans", "daemon", "get_bans")
    call("set_bans lifted", "daemon", "set_bans", {"bans": [{"host": "10.1.2.3", "ban": False}]})
    call("banned lifted", "daemon", "banned", {"address": "10.1.2.3"})
    _odd(
        session,
        "daemon",
        "set_bans",
        {"bans": [{"host": "nowhere", "ban": True, "seconds": 5}]},
        {"bans": [{"host": "10.1.2.3", "ban": "yes"}]},
        {"bans": [{"host": "10.1.2.3", "ban": True, "seconds": -1}]},
        {"bans": "x"},
        {"bans": [5]},
    )
    _odd(session, "daemon", "banned", {"address": 5})
    for path in ("/get_peer_list", "/get_public_nodes", "/get_net_stats"):
        call(path, "daemon", path)
    _odd(session, "daemon", "/get_peer_list", {"public_only": False, "include_blocked": True}, {"public_only": 5})
    _odd(session, "daemon", "/get_public_nodes", {"gray": True, "white": False}, {"gray": "x"})


def _limits(session: Session) -> None:
    for end in ("out", "in"):
        _odd(
            session,
            "daemon",
            f"/{end}_peers",
            {f"{end}_peers": 7},
            {"set": False, f"{end}_peers": 9},
            {f"{end}_peers": -1},
            {f"{end}_peers": "7"},
            {f"{end}_peers": 2**32},
        )
    session.call("/get_limit", "daemon", "/get_limit")
    _odd(
        session,
        "daemon",
        "/set_limit",
        {"limit_down": 100, "limit_up": 0},
        {"limit_down": -1, "limit_up": -1},
        {"limit_down": -2},
        {"limit_up": -2},
        {"limit_up": "x"},
    )


def _templates(session: Session, addresses: Addresses) -> None:
    """Take templates, bring them back, and bring back what is none."""
    call, miner = session.call, addresses["miner"]
    template: dict[str, Json] = {"wallet_address": miner, "extra_nonce": "0102"}
    call("get_block_template nonce", "daemon", "get_block_template", template)
    call("get_block_template plain", "daemon", "get_block_template", {"wallet_address": miner})
    _odd(
        session,
        "daemon",
        "get_block_template",
        {"wallet_address": miner, "reserve_size": 256},
        {"wallet_address": miner, "reserve_size": 1, "extra_nonce": "00"},
        {"wallet_address": miner, "extra_nonce": "zz"},
        {"wallet_address": miner, "extra_nonce": "00" * 256},
        {"wallet_address": miner, "reserve_size": -1},
        {"wallet_address": miner, "prev_block": "zz"},
    )
    made = session.result("daemon", "get_block_template", {"wallet_address": miner, "reserve_size": 4})
    blob = str(made["blocktemplate_blob"])
    call("submit_block", "daemon", "submit_block", [blob])
    call("submit_block again", "daemon", "submit_block", [blob])
    for wallet in ("miner", "user"):
        session.result(wallet, "refresh")
    call("get_last_block_header submitted", "daemon", "get_last_block_header")
    call("get_block submitted", "daemon", "get_block", {"height": made["height"]})
    call("get_transfers submitted", "miner", "get_transfers", {"in": True, **_from(made["height"])})
    for label, odd in (
        ("nothing", []),
        ("two", [blob, blob]),
        ("no hex", ["zz"]),
        ("rubbish", ["00" * 40]),
        ("empty", [""]),
        ("number", [5]),
        ("cut", [blob[:-2]]),
        ("longer", [blob + "00"]),
        ("another version", ["01" + blob[2:]]),
        ("orphan", [blob[:14] + "11" * 32 + blob[78:]]),
        ("early", [blob[:4] + "8080808001" + blob[14:]]),
    ):
        asked: list[Json] = [*odd]
        call(f"submit_block {label}", "daemon", "submit_block", asked)
    call("submit_block object", "daemon", "submit_block", {})
    height = session.result("daemon", "get_last_block_header")["block_header"]
    older = session.result("daemon", "get_block", {"height": height["height"] if isinstance(height, dict) else 0})
    call("submit_block known", "daemon", "submit_block", [older["blob"]])
    for method in ("get_miner_data",):
        call(method, "daemon", method)


def _from(height: Json) -> dict[str, Json]:
    return {"filter_by_height": True, "min_height": height - 1 if isinstance(height, int) else 0}


def _miner(session: Session, addresses: Addresses) -> None:
    """Ask about mining; nothing is mined, as each block would move all that follows."""
    call = session.call
    call("/mining_status", "daemon", "/mining_status")
    call("/stop_mining idle", "daemon", "/stop_mining")
    _odd(
        session,
        "daemon",
        "/start_mining",
        {"miner_address": "x", "threads_count": 1},
        {
            "miner_address": session.result("user", "create_address", {"account_index": 0})["address"],
            "threads_count": 1,
        },
        {"miner_address": 5},
        {"threads_count": -1},
    )
    many: dict[str, Json] = {"miner_address": addresses["miner"], "threads_count": 1000}
    call("/start_mining many", "daemon", "/start_mining", many)
    _odd(session, "user", "start_mining", {"threads_count": 0}, {"threads_count": 1000})
    call("stop_mining idle", "user", "stop_mining")


def _outputs(session: Session) -> None:
    _odd(
        session,
        "daemon",
        "get_output_distribution",
        {"amounts": [0], "binary": False, "from_height": 0, "to_height": 60},
        {"amounts": [0], "binary": False, "from_height": 50, "to_height": 60, "cumulative": True},
        {"amounts": [0], "binary": False, "from_height": 50, "to_height": 60},
        {"amounts": [0], "binary": False, "from_height": 60, "to_height": 50},
        {"amounts": [0], "binary": False, "from_height": 0, "to_height": 100_000},
        {"amounts": [1], "binary": False},
        {"amounts": [17592186044415], "binary": False, "to_height": 3},
        {"amounts": [0, 1], "binary": False, "to_height": 3},
        {"amounts": ["x"]},
        {"amounts": [0], "binary": 5},
        {"amounts": [0], "binary": False, "compress": True, "to_height": 3},
    )
    _odd(
        session,
        "daemon",
        "get_output_histogram",
        {"amounts": [0]},
        {"amounts": [0], "unlocked": True},
        {"amounts": [0], "recent_cutoff": FUTURE},
        {"amounts": [1]},
        {"amounts": [0], "min_count": 100_000},
        {"amounts": [0], "max_count": 1},
        {"min_count": 1},
        {"amounts": ["x"]},
    )
    _odd(
        session,
        "daemon",
        "/get_outs",
        {"outputs": [{"amount": 0, "index": 0}, {"amount": 0, "index": 110}], "get_txid": True},
        {"outputs": [{"amount": 0, "index": 1}]},
        {"outputs": [{"amount": 0, "index": 100_000}]},
        {"outputs": [{"amount": 1, "index": 0}]},
        {"outputs": [{"amount": 17592186044415, "index": 0}], "get_txid": True},
        {"outputs": [5]},
        {"outputs": [{"index": "x"}]},
        {"outputs": []},
    )


def _flushing(session: Session, addresses: Addresses) -> None:
    """Put transactions into the pool, look at them in other ways, and flush them."""
    call, user = session.call, addresses["user"]
    payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}], "get_tx_hex": True}
    kept = session.result("miner", "transfer", {**payment, "do_not_relay": True})
    call("send_raw_transaction kept", "daemon", "/send_raw_transaction", _raw(kept["tx_blob"], do_not_relay=True))
    call("/get_transaction_pool kept", "daemon", "/get_transaction_pool")
    call("/get_transaction_pool_stats kept", "daemon", "/get_transaction_pool_stats")
    call("get_miner_data kept", "daemon", "get_miner_data")
    call("relay_tx", "daemon", "relay_tx", {"txids": [kept["tx_hash"]]})
    _odd(
        session, "daemon", "relay_tx", {"txids": [NO_HASH]}, {"txids": ["zz", NO_HASH]}, {"txids": [5]}, {"txids": "x"}
    )
    call("/get_transactions coinbase", "daemon", "/get_transactions", _coinbase(session, 1, ["decode_as_json"]))
    call("/get_transactions genesis", "daemon", "/get_transactions", _coinbase(session, 0, ["decode_as_json"]))
    call("/get_transactions coinbase split", "daemon", "/get_transactions", _coinbase(session, 1, ["split"]))
    call("/get_transactions coinbase prune", "daemon", "/get_transactions", _coinbase(session, 1, ["prune"]))
    _odd(session, "daemon", "flush_txpool", {"txids": ["zz"]}, {"txids": ["zz", NO_HASH]}, {"txids": [5]})
    call("flush_txpool unknown", "daemon", "flush_txpool", {"txids": [NO_HASH]})
    call("/get_transaction_pool_hashes flushed", "daemon", "/get_transaction_pool_hashes")
    again = session.result("miner", "transfer", {**payment, "do_not_relay": True})
    call("send_raw_transaction again", "daemon", "/send_raw_transaction", _raw(again["tx_blob"]))
    call("flush_txpool one", "daemon", "flush_txpool", {"txids": [again["tx_hash"]]})
    call("/get_transaction_pool_hashes flushed one", "daemon", "/get_transaction_pool_hashes")
    call("get_txpool_backlog empty", "daemon", "get_txpool_backlog")
    _odd(session, "daemon", "/is_key_image_spent", {"key_images": ["zz"]}, {"key_images": [5]})


def _raw(blob: Json, *, do_not_relay: bool = False) -> dict[str, Json]:
    return {"tx_as_hex": blob, "do_not_relay": do_not_relay}


def _coinbase(session: Session, height: int, flags: list[str]) -> dict[str, Json]:
    hashes: list[Json] = [session.result("daemon", "get_block", {"height": height})["miner_tx_hash"]]
    return {"txs_hashes": hashes, **dict.fromkeys(flags, True)}


def _notes(session: Session, addresses: Addresses) -> None:
    call, user = session.call, addresses["user"]
    txid = _some_txid(session)
    call("set_tx_notes", "user", "set_tx_notes", {"txids": [txid], "notes": ["rent"]})
    call("get_tx_notes", "user", "get_tx_notes", {"txids": [txid, NO_HASH]})
    call("get_transfer_by_txid noted", "user", "get_transfer_by_txid", {"txid": txid})
    _odd(session, "user", "set_tx_notes", {"txids": [NO_HASH], "notes": []}, {"txids": ["zz"], "notes": ["x"]})
    _odd(session, "user", "get_tx_notes", {"txids": ["zz"]}, {"txids": [5]})
    call("set_attribute", "user", "set_attribute", {"key": "colour", "value": "blue"})
    call("get_attribute", "user", "get_attribute", {"key": "colour"})
    _odd(session, "user", "get_attribute", {"key": "shape"}, {"key": 5})
    call("get_address_book none", "user", "get_address_book")
    integrated = session.result("user", "make_integrated_address", {"payment_id": "11" * 8})["integrated_address"]
    sub = session.result("miner", "create_address", {"account_index": 0})["address"]
    for index, address in enumerate((user, integrated, sub)):
        row: dict[str, Json] = {"address": address, "description": f"friend {index}"}
        call(f"add_address_book {index}", "user", "add_address_book", row)
    _odd(session, "user", "add_address_book", {"address": "x"}, {"address": 5})
    call("get_address_book", "user", "get_address_book")
    call("get_address_book some", "user", "get_address_book", {"entries": [2, 0]})
    _odd(session, "user", "get_address_book", {"entries": [9]}, {"entries": ["x"]})
    edited: dict[str, Json] = {"index": 0, "set_description": True, "description": "me"}
    call("edit_address_book", "user", "edit_address_book", edited)
    moved: dict[str, Json] = {"index": 1, "set_address": True, "address": sub}
    call("edit_address_book address", "user", "edit_address_book", moved)
    _odd(
        session,
        "user",
        "edit_address_book",
        {"index": 9},
        {"index": 0, "set_address": True, "address": "x"},
        {"index": "x"},
    )
    call("get_address_book edited", "user", "get_address_book")
    call("delete_address_book", "user", "delete_address_book", {"index": 1})
    _odd(session, "user", "delete_address_book", {"index": 9})
    call("get_address_book deleted", "user", "get_address_book")


def _some_txid(session: Session) -> Json:
    """Return a payment that the user's wallet got."""
    found = session.result("user", "get_transfers", {"in": True}).get("in")
    first = found[0] if isinstance(found, list) else None
    return first["txid"] if isinstance(first, dict) else ""


def _tags(session: Session) -> None:
    call = session.call
    call("get_account_tags none", "user", "get_account_tags")
    call("tag_accounts", "user", "tag_accounts", {"tag": "shop", "accounts": [0, 1]})
    describe: dict[str, Json] = {"tag": "shop", "description": "what sells"}
    call("set_account_tag_description", "user", "set_account_tag_description", describe)
    call("get_account_tags", "user", "get_account_tags")
    call("untag_accounts", "user", "untag_accounts", {"accounts": [1]})
    call("get_account_tags untagged", "user", "get_account_tags")
    for params in (
        {"tag": "shop"},
        {"tag": "none"},
        {"tag": "sh.*", "regexp": True},
        {"tag": "x", "regexp": True},
        {"strict_balances": True},
        {"tag": 5},
    ):
        asked: dict[str, Json] = {**params}
        call(f"get_accounts {params}", "user", "get_accounts", asked)
    _odd(session, "user", "tag_accounts", {"tag": "x", "accounts": [9]}, {"tag": "x", "accounts": ["x"]})
    _odd(session, "user", "untag_accounts", {"accounts": [9]})
    _odd(session, "user", "set_account_tag_description", {"tag": "none", "description": "x"})
    call("label_account", "user", "label_account", {"account_index": 1, "label": "renamed"})
    _odd(session, "user", "label_account", {"account_index": 9, "label": "x"}, {"account_index": "x"})
    call("get_accounts renamed", "user", "get_accounts")


def _uris(session: Session, addresses: Addresses) -> None:
    call, user = session.call, addresses["user"]
    whole: dict[str, Json] = {
        "address": user,
        "amount": 1_234_567_000_000,
        "tx_description": "tea & cake = 3/4",
        "recipient_name": "M\u00fcller",
    }
    made = session.call("", "user", "make_uri", whole).get("result")
    uri = str(made["uri"]) if isinstance(made, dict) else ""
    session.call("parse_uri", "user", "parse_uri", {"uri": uri})
    call("parse_uri as written", "user", "parse_uri", {"uri": uri.replace(str(user), "x")})
    _odd(
        session,
        "user",
        "make_uri",
        {"address": "x"},
        {"address": user, "payment_id": "11" * 32},
        {"address": user, "amount": -1},
    )
    for rest in (
        "",
        "?",
        "?tx_amount=1",
        "?tx_amount=x",
        "?tx_amount=0.5&colour=red",
        "?tx_amount=1&tx_amount=2",
        "?tx_amount",
        "?tx_payment_id=11",
        "?tx_amount=0.0000000000001",
        "?tx_amount=1.5000000000000",
        "?recipient_name=a%20b",
        "?tx_amount=99999999",
    ):
        call(f"parse_uri {rest!r}", "user", "parse_uri", {"uri": f"monero:{user}{rest}"})
    _odd(session, "user", "parse_uri", {"uri": "bitcoin:x"}, {"uri": "monero:x"}, {"uri": 5})


def _signatures(session: Session, addresses: Addresses) -> None:
    call, user = session.call, addresses["user"]
    sub = session.result("user", "get_address", {"account_index": 0})["addresses"]
    second = sub[1]["address"] if isinstance(sub, list) and isinstance(sub[1], dict) else ""
    for kind, index, address in (("spend", 0, user), ("view", 0, user), ("spend", 1, second), ("view", 1, second)):
        wanted: dict[str, Json] = {"data": "tea", "signature_type": kind, "address_index": index}
        signature = session.result("user", "sign", wanted)["signature"]
        checked: dict[str, Json] = {"data": "tea", "address": address, "signature": signature}
        call(f"verify {kind} {index}", "miner", "verify", checked)
        call(f"verify {kind} {index} other words", "miner", "verify", {**checked, "data": "coffee"})
    call("sign", "user", "sign", {"data": "tea"})
    _odd(session, "user", "sign", {"data": "tea", "signature_type": "x"}, {"data": 5})
    _odd(
        session,
        "user",
        "verify",
        {"data": "tea", "address": user, "signature": "x"},
        {"data": "tea", "address": user, "signature": "SigV2x"},
        {"data": "tea", "address": "x", "signature": "x"},
    )


def _proofs(session: Session, addresses: Addresses) -> None:
    call, user, miner = session.call, addresses["user"], addresses["miner"]
    payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}], "get_tx_key": True}
    sent = session.result("miner", "transfer", payment)
    txid, key = sent["tx_hash"], sent["tx_key"]
    checked: dict[str, Json] = {"txid": txid, "tx_key": key, "address": user}
    call("check_tx_key pool", "user", "check_tx_key", checked)
    session.mine(1, miner)
    call("check_tx_key", "user", "check_tx_key", checked)
    call("check_tx_key other key", "user", "check_tx_key", {**checked, "tx_key": "01" + "00" * 31})
    call("check_tx_key other address", "user", "check_tx_key", {**checked, "address": miner})
    _odd(
        session,
        "user",
        "check_tx_key",
        {"txid": "zz"},
        {"txid": NO_HASH, "tx_key": "00"},
        {"txid": NO_HASH, "tx_key": NO_HASH, "address": "x"},
        {"txid": NO_HASH, "tx_key": NO_HASH, "address": user},
    )
    _odd(session, "miner", "get_tx_key", {"txid": "zz"}, {"txid": NO_HASH})
    asked: dict[str, Json] = {"txid": txid, "address": user, "message": "paid"}
    for wallet in ("miner", "user"):
        proof = call(f"get_tx_proof {wallet}", wallet, "get_tx_proof", asked).get("result")
        signature = proof["signature"] if isinstance(proof, dict) else ""
        call(f"check_tx_proof {wallet}", "user", "check_tx_proof", {**asked, "signature": signature})
        other: dict[str, Json] = {**asked, "message": "x", "signature": signature}
        call(f"check_tx_proof {wallet} other message", "user", "check_tx_proof", other)
    _odd(
        session,
        "user",
        "get_tx_proof",
        {"txid": "zz"},
        {"txid": txid, "address": "x"},
        {"txid": txid, "address": miner},
    )
    call("get_tx_proof unknown", "user", "get_tx_proof", {"txid": NO_HASH, "address": user})
    _odd(session, "user", "check_tx_proof", {"txid": "zz"})
    spent: dict[str, Json] = {"txid": txid, "message": "mine"}
    proof = call("get_spend_proof", "miner", "get_spend_proof", spent).get("result")
    signature = proof["signature"] if isinstance(proof, dict) else ""
    call("check_spend_proof", "user", "check_spend_proof", {**spent, "signature": signature})
    call("check_spend_proof other", "user", "check_spend_proof", {**spent, "message": "x", "signature": signature})
    _odd(session, "user", "get_spend_proof", {"txid": "zz"}, {"txid": NO_HASH}, {"txid": txid})
    _odd(session, "user", "check_spend_proof", {"txid": txid, "signature": "x"}, {"txid": "zz"})
    for label, wanted in (("all", {"all": True}), ("account", {"account_index": 0, "amount": 5})):
        said: dict[str, Json] = {"message": "rich", **wanted}
        proof = call(f"get_reserve_proof {label}", "miner", "get_reserve_proof", said).get("result")
        signature = proof["signature"] if isinstance(proof, dict) else ""
        shown: dict[str, Json] = {"address": miner, "message": "rich", "signature": signature}
        call(f"check_reserve_proof {label}", "user", "check_reserve_proof", shown)
        call(f"check_reserve_proof {label} other", "user", "check_reserve_proof", {**shown, "message": "x"})
    _odd(
        session,
        "miner",
        "get_reserve_proof",
        {"account_index": 9},
        {"account_index": 0, "amount": 10**19},
        {"account_index": 0, "amount": 0},
    )
    _odd(session, "user", "check_reserve_proof", {"address": "x"}, {"address": miner, "signature": "x"})


def _kept_back(session: Session, addresses: Addresses) -> None:
    """Hand a daemon what a wallet kept back: the wallet finds out by itself."""
    call, miner, user = session.call, addresses["miner"], addresses["user"]
    session.mine(12, miner)
    payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}], "do_not_relay": True}
    kept = session.result("miner", "transfer", {**payment, "get_tx_hex": True, "get_tx_metadata": True})
    call("relay_tx blob", "miner", "relay_tx", {"hex": kept["tx_blob"]})
    session.result("miner", "get_transfers", {"pool": True})
    session.call("", "daemon", "/send_raw_transaction", _raw(kept["tx_blob"]))
    session.call("get_transfers handed over", "miner", "get_transfers", {"pool": True, "pending": True})
    session.call("get_transfers of it", "user", "get_transfers", {"pool": True})
    call("get_balance handed over", "miner", "get_balance")
    session.mine(1, miner)
    asked: dict[str, Json] = {"txid": kept["tx_hash"]}
    call("get_transfer_by_txid handed over", "miner", "get_transfer_by_txid", asked)
    call("get_balance handed over, mined", "miner", "get_balance")


def _locked(session: Session, addresses: Addresses) -> None:
    call, miner, user = session.call, addresses["miner"], addresses["user"]
    count = session.result("daemon", "get_block_count")["count"]
    height = count if isinstance(count, int) else 0
    for label, until in (("height", height + 20), ("time", FUTURE), ("past", 5)):
        payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}], "unlock_time": until}
        sent = session.call(f"transfer locked by {label}", "miner", "transfer", payment).get("result")
        asked: dict[str, Json] = {"txid": sent["tx_hash"] if isinstance(sent, dict) else ""}
        call(f"get_transfer_by_txid locked by {label}", "user", "get_transfer_by_txid", asked)
        session.mine(1, miner)
        call(f"get_transfer_by_txid locked by {label}, mined", "user", "get_transfer_by_txid", asked)
        call(f"get_balance locked by {label}", "user", "get_balance")
    session.mine(11, miner)
    call("get_balance locked, aged", "user", "get_balance")
    call("incoming_transfers locked", "user", "incoming_transfers", {"transfer_type": "available"})
    back: dict[str, Json] = {"address": miner, "do_not_relay": True}
    call("sweep_all locked", "user", "sweep_all", back)
    found = session.result("user", "get_balance")
    whole = found["balance"] if isinstance(found["balance"], int) else 0
    everything: dict[str, Json] = {"destinations": [{"address": miner, "amount": whole - PAYMENT // 10}]}
    call("transfer locked", "user", "transfer", everything)
    session.mine(10, miner)
    call("get_balance unlocked by height", "user", "get_balance")


def _frozen(session: Session) -> None:
    call = session.call
    held = session.result("user", "incoming_transfers", {"transfer_type": "available"})["transfers"]
    first = held[0] if isinstance(held, list) else {}
    image: dict[str, Json] = {"key_image": first["key_image"] if isinstance(first, dict) else ""}
    call("frozen", "user", "frozen", image)
    call("freeze", "user", "freeze", image)
    call("frozen frozen", "user", "frozen", image)
    call("get_balance frozen", "user", "get_balance")
    call("incoming_transfers frozen", "user", "incoming_transfers", {"transfer_type": "available"})
    call("thaw", "user", "thaw", image)
    call("get_balance thawed", "user", "get_balance")
    for method in ("freeze", "thaw", "frozen"):
        _odd(session, "user", method, {"key_image": "zz"}, {"key_image": NO_HASH})


def _single_sweeps(session: Session, addresses: Addresses) -> None:
    call, miner = session.call, addresses["miner"]
    held = session.result("user", "incoming_transfers", {"transfer_type": "available"})["transfers"]
    free = [one for one in held if isinstance(one, dict) and one["unlocked"]] if isinstance(held, list) else []
    image = free[0]["key_image"]
    single: dict[str, Json] = {"address": miner, "key_image": image, "do_not_relay": True}
    call("sweep_single", "user", "sweep_single", single)
    shown: dict[str, Json] = {"get_tx_key": True, "get_tx_hex": True, "get_tx_metadata": True}
    call("sweep_single shown", "user", "sweep_single", {**single, **shown})
    call("sweep_single to three", "user", "sweep_single", {**single, "outputs": 3})
    for label, odd in (
        ("no outputs", {"outputs": 0}),
        ("many outputs", {"outputs": 17}),
        ("bad image", {"key_image": "zz"}),
        ("unknown image", {"key_image": NO_HASH}),
        ("bad address", {"address": "x"}),
        ("payment id", {"payment_id": "11" * 32}),
    ):
        asked: dict[str, Json] = {**single, **odd}
        call(f"sweep_single {label}", "user", "sweep_single", asked)
    call("sweep_dust", "user", "sweep_dust", {"get_tx_keys": True})
    call("sweep_unmixable", "user", "sweep_unmixable")
    call("sweep_all payment id", "user", "sweep_all", {"address": miner, "payment_id": "11" * 32})


def _accounts(session: Session, addresses: Addresses) -> None:
    """Pay a second account, and look for the payment in each."""
    call, miner = session.call, addresses["miner"]
    other = session.result("user", "get_address", {"account_index": 1})["address"]
    payment: dict[str, Json] = {"destinations": [{"address": other, "amount": PAYMENT}]}
    asked: dict[str, Json] = {"txid": session.result("miner", "transfer", payment)["tx_hash"]}
    for label in ("coming", "mined"):
        for account in (0, 1):
            there: dict[str, Json] = {**asked, "account_index": account}
            call(f"get_transfer_by_txid {label}, account {account}", "user", "get_transfer_by_txid", there)
            call(f"get_transfer_by_txid {label}, sender's {account}", "miner", "get_transfer_by_txid", there)
        session.mine(1, miner)
    for label, more in (
        ("one account", {"account_index": 1}),
        ("no such index", {"account_index": 1, "subaddr_indices": [5]}),
        ("all accounts", {"all_accounts": True}),
        ("up to a height", {"all_accounts": True, "filter_by_height": True, "max_height": 120}),
        ("nothing", {}),
        ("heights unfiltered", {"account_index": 1, "max_height": 1}),
    ):
        wanted: dict[str, Json] = {"in": label != "nothing", **more}
        call(f"get_transfers {label}", "user", "get_transfers", wanted)
    call("get_balance all", "user", "get_balance", {"all_accounts": True})
    call("get_balance strict", "user", "get_balance", {"strict": True, "account_index": 1})


def _bulk(session: Session, addresses: Addresses) -> None:
    call, miner = session.call, addresses["miner"]
    integrated = session.result("user", "make_integrated_address", {"payment_id": "ab" * 8})["integrated_address"]
    session.result("miner", "transfer", {"destinations": [{"address": integrated, "amount": PAYMENT}]})
    session.mine(1, miner)
    height = session.result("user", "get_height")["height"]
    above = height - 3 if isinstance(height, int) else 0
    for ids in ([], ["ab" * 8], ["ab" * 8 + "00" * 24], ["AB" * 8], ["11" * 8], ["zz" * 8], ["11"]):
        wanted: list[Json] = [*ids]
        asked: dict[str, Json] = {"payment_ids": wanted, "min_block_height": above}
        call(f"get_bulk_payments {ids}", "user", "get_bulk_payments", asked)
    for payment_id in ("ab" * 8, "ab" * 8 + "00" * 24, "zz" * 32):
        call(f"get_payments {payment_id}", "user", "get_payments", {"payment_id": payment_id})


def _key_images(session: Session) -> None:
    call = session.call
    outputs = session.result("user", "export_outputs", {"all": True})
    call("export_outputs", "user", "export_outputs", {})
    call("import_outputs", "user", "import_outputs", outputs)
    _odd(session, "user", "import_outputs", {"outputs_data_hex": "zz"}, {"outputs_data_hex": "00"})
    images = session.result("user", "export_key_images", {"all": True})["signed_key_images"]
    some = images[:2] if isinstance(images, list) else []
    call("import_key_images offset", "user", "import_key_images", {"signed_key_images": some, "offset": 1000})
    _odd(
        session,
        "user",
        "import_key_images",
        {"signed_key_images": [{"key_image": "zz", "signature": ""}]},
        {"signed_key_images": [{"key_image": NO_HASH, "signature": "zz"}]},
        {"signed_key_images": [5]},
    )
    call("rescan_spent", "user", "rescan_spent")
    _odd(session, "user", "scan_tx", {"txids": ["zz"]}, {"txids": [_some_txid(session)]})


def _odd_payments(session: Session, addresses: Addresses) -> None:
    call, miner, user = session.call, addresses["miner"], addresses["user"]
    to_user: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}], "do_not_relay": True}
    for label, odd in (
        ("priority 5", {"priority": 5}),
        ("priority 2**32", {"priority": 2**32}),
        ("account 9", {"account_index": 9}),
        ("index 99", {"subaddr_indices": [99]}),
        ("ring 11", {"ring_size": 11}),
        ("unlock_time -1", {"unlock_time": -1}),
        ("subaddr text", {"subaddr_indices": ["0"]}),
        ("destinations text", {"destinations": "x"}),
        ("destinations numbers", {"destinations": [5]}),
    ):
        asked: dict[str, Json] = {**to_user, **odd}
        call(f"transfer {label}", "miner", "transfer", asked)
    call("transfer_split shown", "miner", "transfer_split", {**to_user, "get_tx_keys": True, "get_tx_hex": True})
    call("sweep_all account 9", "miner", "sweep_all", {"address": miner, "account_index": 9})
    _odd(session, "miner", "relay_tx", {"hex": "zz"}, {"hex": "00"}, {"hex": 5})
    _odd(
        session,
        "user",
        "estimate_tx_size_and_weight",
        {"n_inputs": 1, "n_outputs": 2},
        {"n_inputs": 2, "n_outputs": 16, "ring_size": 16},
        {"n_inputs": 0, "n_outputs": 2},
        {"n_inputs": 1, "n_outputs": 2, "ring_size": 11},
    )


def _popped(session: Session, addresses: Addresses) -> None:
    """Take blocks off the chain again."""
    call, miner, user = session.call, addresses["miner"], addresses["user"]
    session.mine(12, miner)
    payment: dict[str, Json] = {"destinations": [{"address": user, "amount": PAYMENT}]}
    asked: dict[str, Json] = {"txid": session.result("miner", "transfer", payment)["tx_hash"]}
    session.mine(3, miner)
    _odd(session, "daemon", "/pop_blocks", {"nblocks": 0}, {"nblocks": -1}, {"nblocks": "x"})
    # Not the block below the payment's: a ring may hold an output that unlocked with it, and is then not mined again.
    call("/pop_blocks", "daemon", "/pop_blocks", {"nblocks": 3})
    call("get_info popped", "daemon", "get_info")
    call("get_alternate_chains popped", "daemon", "get_alternate_chains")
    call("/get_transaction_pool_hashes popped", "daemon", "/get_transaction_pool_hashes")
    call("refresh popped", "user", "refresh")
    call("get_height popped", "user", "get_height")
    session.mine(1, miner)
    call("get_height popped, mined", "user", "get_height")
    call("get_transfer_by_txid popped, mined", "user", "get_transfer_by_txid", asked)
    session.mine(4, miner)
    call("get_height popped, overtaken", "user", "get_height")
    call("get_transfer_by_txid popped, overtaken", "user", "get_transfer_by_txid", asked)
    call("get_balance popped", "user", "get_balance")


def _restored(session: Session) -> None:
    """Make wallets of words and keys; the user's wallet is another one from here on."""
    call = session.call
    words = session.result("user", "query_key", {"key_type": "mnemonic"})["key"]
    view = session.result("user", "query_key", {"key_type": "view_key"})["key"]
    spend = session.result("user", "query_key", {"key_type": "spend_key"})["key"]
    own = session.result("user", "get_address")["address"]
    phrase = str(words).split()
    for label, odd in (
        ("nothing", {}),
        ("short", {"seed": " ".join(phrase[:24])}),
        # Words in another order, or another word, fit the checksum once in 24 times.
        ("path", {"seed": words, "filename": "../x"}),
        ("there", {"seed": words, "filename": "user"}),
        ("height type", {"seed": words, "restore_height": -1}),
    ):
        asked: dict[str, Json] = {**odd}
        call(f"restore_deterministic_wallet {label}", "user", "restore_deterministic_wallet", asked)
    restored: dict[str, Json] = {"seed": words, "filename": "again", "restore_height": 0}
    call("restore_deterministic_wallet", "user", "restore_deterministic_wallet", restored)
    call("refresh restored", "user", "refresh")
    call("get_accounts restored", "user", "get_accounts")
    call("get_height restored", "user", "get_height")
    for label, odd in (
        ("nothing", {}),
        ("no address", {"viewkey": view}),
        ("bad address", {"viewkey": view, "address": "x"}),
        ("bad view key", {"viewkey": "zz", "address": own}),
        ("bad spend key", {"viewkey": view, "address": own, "spendkey": "zz"}),
        ("there", {"viewkey": view, "address": own, "filename": "user"}),
        ("path", {"viewkey": view, "address": own, "filename": "../x"}),
    ):
        asked = {**odd}
        call(f"generate_from_keys {label}", "user", "generate_from_keys", asked)
    keys: dict[str, Json] = {"viewkey": view, "address": own}
    call("generate_from_keys", "user", "generate_from_keys", {**keys, "spendkey": spend, "filename": "whole"})
    call("generate_from_keys view", "user", "generate_from_keys", {**keys, "filename": "view"})
    call("refresh view", "user", "refresh")
    for kind in ("mnemonic", "spend_key"):
        call(f"query_key view {kind}", "user", "query_key", {"key_type": kind})
    call("get_reserve_proof view", "user", "get_reserve_proof", {"all": True})
    call("get_spend_proof view", "user", "get_spend_proof", {"txid": NO_HASH})
    changed: dict[str, Json] = {"old_password": "", "new_password": "x"}
    call("change_wallet_password", "user", "change_wallet_password", changed)
    call("change_wallet_password wrong", "user", "change_wallet_password", changed)
    session.call("", "user", "close_wallet")
    call("open_wallet old password", "user", "open_wallet", {"filename": "view", "password": ""})
    call("open_wallet new password", "user", "open_wallet", {"filename": "view", "password": "x"})
    call("open_wallet first", "user", "open_wallet", {"filename": "user", "password": ""})
    for hard in (False, True):
        call(f"rescan_blockchain {hard}", "user", "rescan_blockchain", {"hard": hard})
        call(f"get_accounts rescanned {hard}", "user", "get_accounts")
        call(f"get_address_book rescanned {hard}", "user", "get_address_book")


def _service(session: Session) -> None:
    call = session.call
    _odd(session, "user", "auto_refresh", {"enable": False}, {"enable": True, "period": 5}, {"period": -1})
    call("get_languages", "user", "get_languages")
    _odd(session, "user", "set_log_level", {"level": 0}, {"level": 9}, {"level": -1}, {"level": 300})
    _odd(
        session,
        "user",
        "set_daemon",
        {"address": "127.0.0.1:1", "trusted": True, "ssl_support": "disabled"},
        {"address": "127.0.0.1:1", "ssl_support": "x"},
        {"address": "127.0.0.1:1", "ssl_support": "enabled"},
    )
    call("refresh nowhere", "user", "refresh")
    call("start_mining untrusted", "user", "start_mining", {"threads_count": 1})
    call("is_multisig", "user", "is_multisig")
