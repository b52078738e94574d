"""No parameter is dropped in silence: another value of it changes something, or the answer names it."""

import json
from functools import cache

import pytest
from monero.seed import Seed
from simulated import Line, Pair, Simulated, ask

from monerosim.model import Blockchain, Daemon, daemon, wallet_rpc
from monerosim.model.jsonrpc import NOT_HEEDED
from monerosim.model.parameters import fields
from monerosim.model.start import Past, Start
from monerosim.units import SECOND, XMR

NO_HASH = "00" * 32
SEED = Seed("11" * 32)
OTHER = Seed("22" * 32)


class World:
    """Two nodes; the wallet of the first has mined, paid and been paid back, and its user has written things down."""

    def __init__(self) -> None:
        self.net = net = Simulated(make=Pair)
        self.node, self.wallet, self.other = net.daemons[0], net.wallets[0], net.wallets[1]
        self.early = net.mine(0, 5)
        self.call("create_account", label="shop")
        self.sub = self.call("create_address", account_index=0)["address"]
        self.shop = self.call("get_address", account_index=1)["address"]
        self.id = self.call("make_integrated_address", payment_id="ab" * 8)["integrated_address"]
        net.mine(0, 80)
        self.aside = ask(
            self.node, "generateblocks", amount_of_blocks=1, wallet_address=net.addresses[1], prev_block=self.early[4]
        )["blocks"][0]
        net.refresh()
        # Paid to another wallet, to the account, by payment id; and kept back.
        self.sent = net.pay(0, 1, XMR, get_tx_key=True)
        for address in (self.shop, self.sub, self.id, net.addresses[1], str(SEED.public_address())):
            self.call("transfer", destinations=[{"address": address, "amount": 2 * XMR}])
        net.mine(0, 12)
        net.pass_time(60 * SECOND)
        net.refresh()
        self.back = ask(self.other, "transfer", destinations=[{"address": self.id, "amount": XMR // 2}])
        lost = net.pay(0, 1, XMR // 8)["tx_hash"]
        ask(self.node, "flush_txpool", txids=[lost])
        net.pass_time(510 * SECOND)
        net.mine(0, 1)
        net.pass_time()
        net.refresh()
        self.pending = net.pay(0, 1, XMR // 4)
        self.kept = net.pay(0, 1, XMR, do_not_relay=True, get_tx_hex=True, get_tx_metadata=True)
        ask(self.other, "transfer", destinations=[{"address": net.addresses[0], "amount": XMR // 8}])
        net.pass_time()
        ask(self.node, "set_bans", bans=[{"host": "10.0.0.1", "ban": True, "seconds": 10_000}])
        self.call("set_tx_notes", txids=[self.sent["tx_hash"]], notes=["rent"])
        self.call("set_attribute", key="colour", value="blue")
        self.call("tag_accounts", accounts=[0], tag="miner")
        for address in net.addresses:
            self.call("add_address_book", address=address)
        self.image = self.call("incoming_transfers", transfer_type="available")["transfers"][0]["key_image"]
        self.words = self.call("query_key", key_type="mnemonic")["key"]
        self.keys = {"address": net.addresses[0], "viewkey": self.call("query_key", key_type="view_key")["key"]}
        self.spend = self.call("query_key", key_type="spend_key")["key"]

    def call(self, method, **params):
        return ask(self.wallet, method, **params)

    def post(self, method, params):
        """What a service answers; a method of both is the daemon's if it begins with ``node``."""
        service = self.wallet
        if method.startswith(("/", "node ")) or (method in daemon.METHODS and method not in wallet_rpc.METHODS):
            service = self.node
        name = method.removeprefix("node ")
        if name.startswith("/"):
            return service.post(name, params)
        return service.post("/json_rpc", {"jsonrpc": "2.0", "id": "0", "method": name, "params": params})

    def look(self):
        """What others see of a change: the chain, the pool, what the wallet holds and its notes, after a while."""
        seen = [
            self.post(*asked)
            for asked in (
                ("node get_info", {}),
                ("/get_transaction_pool", {}),
                ("get_bans", {}),
                ("/mining_status", {}),
                ("get_accounts", {}),
                ("get_balance", {"all_accounts": True}),
                ("get_address", {"account_index": 0}),
                ("get_transfers", {"out": True, "pending": True, "in": True, "all_accounts": True}),
                ("get_address_book", {}),
                ("get_account_tags", {}),
                ("get_tx_notes", {"txids": [self.sent["tx_hash"]]}),
                ("get_attribute", {"key": "colour"}),
                ("incoming_transfers", {"transfer_type": "all"}),
                ("query_key", {"key_type": "mnemonic"}),
                ("get_tx_key", {"txid": self.sent["tx_hash"]}),
                ("start_mining", {"threads_count": 1}),
                ("/stop_mining", {}),
            )
        ]
        self.net.mine(0)
        self.net.pass_time(11 * SECOND)
        seen.append(self.post("get_height", {}))
        for name, password in (("main", ""), ("new", ""), ("new", "x")):
            seen += [self.post("open_wallet", {"filename": name, "password": password}), self.post("refresh", {})]
            seen.append(self.post("get_accounts", {}))
        return seen


def cases(w):
    """For each method: parameters that work, and for each of them another value."""
    address, other = w.net.addresses
    pay = {"destinations": [{"address": other, "amount": XMR}]}
    shown = {"do_not_relay": True, "get_tx_hex": True, "get_tx_metadata": True}
    spending = {"priority": 3, "ring_size": 11, "unlock_time": 500, "payment_id": "11" * 32, **shown}
    sent, block = w.sent["tx_hash"], w.early[3]
    signature = ask(w.wallet, "sign", data="tea")["signature"]
    proof = {"txid": sent, "address": other, "message": "m"}
    tx_proof = w.call("get_tx_proof", **proof)["signature"]
    spend_proof = w.call("get_spend_proof", txid=sent, message="m")["signature"]
    reserve = w.call("get_reserve_proof", all=True, message="m")["signature"]
    images = w.call("export_key_images", all=True)["signed_key_images"]
    restore = {"seed": SEED.phrase, "filename": "new"}
    from_keys = {**w.keys, "spendkey": w.spend, "filename": "new"}
    uri = {"address": other}
    return {
        "get_coinbase_tx_sum": ({"height": 3, "count": 2}, {"height": 4, "count": 3}),
        "hard_fork_info": ({}, {"version": 1}),
        "get_last_block_header": ({}, {"fill_pow_hash": True}),
        "get_block_header_by_height": ({"height": 3}, {"height": 4, "fill_pow_hash": True}),
        "get_block_header_by_hash": (
            {"hash": block},
            {"hash": w.early[1], "hashes": [w.early[1]], "fill_pow_hash": True},
        ),
        "get_block_headers_range": (
            {"start_height": 2, "end_height": 3},
            {"start_height": 1, "end_height": 4, "fill_pow_hash": True},
        ),
        "get_block": ({"height": 3}, {"hash": w.early[0], "height": 4, "fill_pow_hash": True}),
        "/pop_blocks": ({"nblocks": 1}, {"nblocks": 2}),
        "get_block_template": (
            {"wallet_address": address},
            {"wallet_address": other, "reserve_size": 3, "prev_block": block, "extra_nonce": "0102"},
        ),
        "generateblocks": (
            {"amount_of_blocks": 1, "wallet_address": address},
            {"amount_of_blocks": 2, "wallet_address": other, "prev_block": block, "starting_nonce": 7},
        ),
        "/start_mining": (
            {"miner_address": address, "threads_count": 1},
            {"miner_address": other, "threads_count": 2, "do_background_mining": True, "ignore_battery": True},
        ),
        "/get_transactions": (
            {"txs_hashes": [sent]},
            {"txs_hashes": [w.pending["tx_hash"]], "decode_as_json": True, "prune": True, "split": True},
        ),
        "/send_raw_transaction": (
            {"tx_as_hex": w.kept["tx_blob"]},
            {"tx_as_hex": "00", "do_not_relay": True, "do_sanity_checks": False},
        ),
        "/is_key_image_spent": (
            {"key_images": [NO_HASH]},
            {"key_images": [w.sent["spent_key_images"]["key_images"][0]]},
        ),
        "flush_txpool": ({}, {"txids": [NO_HASH]}),
        "node relay_tx": ({"txids": [w.pending["tx_hash"]]}, {"txids": [NO_HASH]}),
        "get_output_distribution": (
            {"amounts": [0], "binary": False, "from_height": 5},
            {
                "amounts": [1],
                "binary": True,
                "from_height": 6,
                "to_height": 20,
                "cumulative": True,
                "compress": True,
            },
        ),
        "get_output_histogram": (
            {"amounts": [0], "recent_cutoff": 0},
            {"amounts": [1], "min_count": 10**6, "max_count": 1, "unlocked": True, "recent_cutoff": 1},
        ),
        "/get_outs": (
            {"outputs": [{"amount": 0, "index": 3}]},
            {"outputs": [{"amount": 0, "index": 4}], "get_txid": True},
        ),
        "/get_peer_list": ({}, {"public_only": False, "include_blocked": True}),
        "/get_public_nodes": ({}, {"gray": True, "white": False, "include_blocked": True}),
        "set_bans": ({}, {"bans": [{"host": "10.0.0.9", "ban": True, "seconds": 100}]}),
        "banned": ({"address": "10.0.0.1"}, {"address": "10.0.0.2"}),
        "/out_peers": ({"out_peers": 5}, {"out_peers": 6, "set": False}),
        "/in_peers": ({"in_peers": 5}, {"in_peers": 6, "set": False}),
        "/set_limit": ({}, {"limit_down": 5, "limit_up": 5}),
        "refresh": ({}, {"start_height": 5}),
        "auto_refresh": ({"period": 3}, {"enable": False, "period": 500}),
        "set_daemon": (
            {"address": "10.0.0.0:18081", "trusted": True, "ssl_support": "enabled", "ssl_allow_any_cert": True},
            {
                "address": "10.9.9.9:1",
                "trusted": False,
                "username": "x",
                "password": "x",
                "ssl_support": "x",
                "ssl_private_key_path": "x",
                "ssl_certificate_path": "x",
                "ssl_ca_file": "x",
                "ssl_allowed_fingerprints": ["x"],
                "ssl_allow_any_cert": False,
            },
        ),
        "start_mining": (
            {"threads_count": 1},
            {"threads_count": 2, "do_background_mining": True, "ignore_battery": True},
        ),
        "set_log_level": ({}, {"level": 2}),
        "create_wallet": (
            {"filename": "new", "language": "English"},
            {"filename": "newer", "language": "Lojban", "password": "x"},
        ),
        "open_wallet": ({"filename": "main"}, {"filename": "x", "password": "x", "autosave_current": False}),
        "close_wallet": ({}, {"autosave_current": False}),
        "change_wallet_password": ({"new_password": "x"}, {"new_password": "", "old_password": "y"}),
        "restore_deterministic_wallet": (
            restore,
            {
                "seed": OTHER.phrase,
                "filename": "newer",
                "restore_height": 200,
                "seed_offset": "x",
                "password": "x",
                "language": "Lojban",
                "autosave_current": False,
            },
        ),
        "generate_from_keys": (
            from_keys,
            {
                "address": other,
                "viewkey": NO_HASH,
                "spendkey": "",
                "filename": "newer",
                "restore_height": 50,
                "password": "x",
                "language": "Lojban",
                "autosave_current": False,
            },
        ),
        "query_key": ({"key_type": "view_key"}, {"key_type": "spend_key"}),
        "get_address": ({}, {"account_index": 1, "address_index": [1]}),
        "get_address_index": ({"address": address}, {"address": w.sub}),
        "create_address": ({}, {"account_index": 1, "count": 2, "label": "x"}),
        "label_address": ({"label": "x"}, {"label": "y", "index": {"major": 0, "minor": 1}}),
        "get_accounts": (
            {"tag": "mine.", "regexp": True},
            {"tag": "x", "regexp": False, "strict_balances": True},
        ),
        "create_account": ({}, {"label": "x"}),
        "label_account": ({"label": "x"}, {"label": "y", "account_index": 1}),
        "validate_address": (
            {"address": FOREIGN},
            {"address": address, "any_net_type": True, "allow_openalias": True},
        ),
        "make_integrated_address": ({}, {"standard_address": other, "payment_id": "11" * 8}),
        "split_integrated_address": ({"integrated_address": w.id}, {"integrated_address": address}),
        "get_balance": ({}, {"account_index": 1, "address_indices": [1], "all_accounts": True, "strict": True}),
        "transfer": (
            pay,
            {
                "destinations": [{"address": other, "amount": 2 * XMR}],
                "account_index": 1,
                "subaddr_indices": [1],
                "get_tx_key": True,
                **spending,
            },
        ),
        "transfer_split": (
            pay,
            {
                "destinations": [{"address": other, "amount": 2 * XMR}],
                "account_index": 1,
                "subaddr_indices": [1],
                "get_tx_keys": True,
                **spending,
            },
        ),
        "sweep_all": (
            {"address": other},
            {
                "address": w.shop,
                "account_index": 1,
                "subaddr_indices": [0],
                "subaddr_indices_all": True,
                "outputs": 3,
                "below_amount": XMR,
                "get_tx_keys": True,
                **spending,
            },
        ),
        "sweep_single": (
            {"address": other, "key_image": w.image},
            {"address": w.shop, "key_image": NO_HASH, "outputs": 3, "get_tx_key": True, **spending},
        ),
        "sweep_dust": ({}, {"get_tx_keys": True, **shown}),
        "relay_tx": ({"hex": w.kept["tx_metadata"]}, {"hex": "00"}),
        "estimate_tx_size_and_weight": (
            {"n_inputs": 1, "n_outputs": 2},
            {"n_inputs": 2, "n_outputs": 3, "ring_size": 11, "rct": False},
        ),
        "get_transfers": (
            {"out": True, "in": True, "pending": True, "filter_by_height": True, "min_height": 1, "max_height": 90},
            {
                "in": False,
                "out": False,
                "pending": False,
                "failed": True,
                "pool": True,
                "filter_by_height": False,
                "min_height": 80,
                "max_height": 50,
                "account_index": 1,
                "subaddr_indices": [1],
                "all_accounts": True,
            },
        ),
        "get_transfer_by_txid": ({"txid": sent}, {"txid": NO_HASH, "account_index": 1}),
        "incoming_transfers": (
            {"transfer_type": "available"},
            {"transfer_type": "all", "account_index": 1, "subaddr_indices": [1]},
        ),
        "get_payments": ({"payment_id": "ab" * 8}, {"payment_id": "11" * 8}),
        "get_bulk_payments": ({}, {"payment_ids": ["ab" * 8], "min_block_height": 60}),
        "rescan_blockchain": ({}, {"hard": True}),
        "scan_tx": ({}, {"txids": [sent]}),
        "freeze": ({"key_image": w.image}, {"key_image": NO_HASH}),
        "thaw": ({"key_image": w.image}, {"key_image": NO_HASH}),
        "frozen": ({"key_image": w.image}, {"key_image": NO_HASH}),
        "export_outputs": ({}, {"all": True}),
        "import_outputs": (w.call("export_outputs", all=True), {"outputs_data_hex": b"monerosim outputs".hex()}),
        "export_key_images": ({}, {"all": True}),
        "import_key_images": ({"signed_key_images": images[:1]}, {"signed_key_images": images[:2], "offset": 1}),
        "set_tx_notes": ({"txids": [sent], "notes": ["x"]}, {"txids": [NO_HASH], "notes": ["y"]}),
        "get_tx_notes": ({"txids": [sent]}, {"txids": [NO_HASH]}),
        "set_attribute": ({"key": "colour", "value": "red"}, {"key": "x", "value": "green"}),
        "get_attribute": ({"key": "colour"}, {"key": "x"}),
        "tag_accounts": ({"accounts": [1], "tag": "x"}, {"accounts": [0], "tag": "y"}),
        "untag_accounts": ({"accounts": [0]}, {"accounts": [1]}),
        "set_account_tag_description": ({"tag": "miner", "description": "x"}, {"tag": "y", "description": "z"}),
        "get_address_book": ({}, {"entries": [1]}),
        "add_address_book": ({"address": address}, {"address": other, "description": "x"}),
        "edit_address_book": (
            {"index": 0, "set_address": True, "address": w.sub, "set_description": True, "description": "x"},
            {"index": 1, "set_address": False, "address": w.shop, "set_description": False, "description": "y"},
        ),
        "delete_address_book": ({"index": 0}, {"index": 1}),
        "sign": (
            {"data": "tea"},
            {"data": "coffee", "account_index": 1, "address_index": 1, "signature_type": "view"},
        ),
        "verify": (
            {"data": "tea", "address": address, "signature": signature},
            {"data": "coffee", "address": other, "signature": "x"},
        ),
        "get_tx_key": ({"txid": sent}, {"txid": w.pending["tx_hash"]}),
        "check_tx_key": (
            {"txid": sent, "tx_key": w.sent["tx_key"], "address": other},
            {"txid": w.pending["tx_hash"], "tx_key": NO_HASH, "address": address},
        ),
        "get_tx_proof": (proof, {"txid": w.pending["tx_hash"], "address": w.shop, "message": "x"}),
        "check_tx_proof": (
            {**proof, "signature": tx_proof},
            {"txid": w.pending["tx_hash"], "address": w.shop, "message": "x", "signature": "x"},
        ),
        "get_spend_proof": ({"txid": sent, "message": "m"}, {"txid": w.pending["tx_hash"], "message": "x"}),
        "check_spend_proof": (
            {"txid": sent, "message": "m", "signature": spend_proof},
            {"txid": w.pending["tx_hash"], "message": "x", "signature": "x"},
        ),
        "get_reserve_proof": (
            {"amount": XMR, "message": "m"},
            {"all": True, "account_index": 1, "amount": 50 * XMR, "message": "x"},
        ),
        "check_reserve_proof": (
            {"address": address, "message": "m", "signature": reserve},
            {"address": other, "message": "x", "signature": "x"},
        ),
        "make_uri": (
            uri,
            {"address": address, "payment_id": "x", "amount": 5, "tx_description": "x", "recipient_name": "x"},
        ),
        "parse_uri": ({"uri": f"monero:{address}"}, {"uri": f"monero:{other}"}),
    }


FOREIGN = "9wviCeWe2D8XS82k2ovp5EUYLzBt9pYNW2LXUFsZiv8S3Mt21FZ5qQaAroko1enzw3eGr9qC7X1D7Geoo2RrAotYPwq9Gm8"
"""An address of testnet."""

CHANGING = {
    "/pop_blocks", "generateblocks", "/start_mining", "/send_raw_transaction", "flush_txpool", "node relay_tx",
    "set_bans", "auto_refresh", "set_daemon", "start_mining", "create_wallet", "open_wallet", "close_wallet",
    "change_wallet_password", "restore_deterministic_wallet", "generate_from_keys", "create_address", "label_address",
    "create_account", "label_account", "transfer", "transfer_split", "sweep_all", "sweep_single", "relay_tx",
    "rescan_blockchain", "freeze", "thaw", "import_outputs", "set_tx_notes", "set_attribute", "tag_accounts",
    "untag_accounts", "set_account_tag_description", "add_address_book", "edit_address_book", "delete_address_book",
    "/out_peers", "/in_peers", "/set_limit", "make_integrated_address",
}  # fmt: skip
"""The methods that change something: they are played in a world of their own each time."""

SHARED = World()
CASES = cases(SHARED)


def methods():
    """Every method with parameters, under the first of its names."""
    for prefix, table in (("node ", daemon.METHODS), ("", wallet_rpc.METHODS)):
        seen = set()
        for name in table.methods:
            method = table.methods[name]
            if method not in seen and fields(method.parameters):
                seen.add(method)
                both = prefix and name in wallet_rpc.METHODS.methods
                yield f"{prefix}{name}" if both else name, [field.name for field in fields(method.parameters)]


ELSEWHERE = {("get_fee_estimate", "grace_blocks")}
"""What makes no difference in this world, where no block was ever heavy."""


def observe(method, params):
    if method not in CHANGING:
        return SHARED.post(method, params), None
    world = World()
    cases(world)  # proofs and exports take part in what follows
    answer = world.post(method, params)
    return answer, json.dumps(world.look(), sort_keys=True)


@cache
def observe_base(method):
    return observe(method, CASES[method][0])


def result(answer):
    return answer.get("result", answer)


@pytest.mark.parametrize(
    ("method", "field"),
    [(method, field) for method, names in methods() for field in names if (method, field) not in ELSEWHERE],
)
def test_a_parameter_changes_something_or_is_named(method, field):
    base, changes = CASES[method]
    before, after = observe_base(method), observe(method, {**base, field: changes[field]})
    assert "error" not in before[0]
    assert NOT_HEEDED not in result(before[0])
    assert before != after
    changed = {name: value for name, value in result(after[0]).items() if name != NOT_HEEDED}
    if changed == result(before[0]) and before[1] == after[1]:
        assert field in result(after[0])[NOT_HEEDED]


def test_grace_blocks_count_where_blocks_were_heavy():
    heavy = Start(past=Past(long_term_median=300_000, short_term_median=900_000))
    chain = Blockchain(seed=1, now=lambda: 0, network=Line(nodes=1, delay=0), difficulty=1, start=heavy)
    node = Daemon(chain, 0, ready_at=0, address="10.0.0.0:18081")
    assert ask(node, "get_fee_estimate")["fees"] != ask(node, "get_fee_estimate", grace_blocks=99)["fees"]


def test_what_a_method_does_not_have_is_named():
    asked = {"height": 3, "heigth": 4, "client": "x"}
    assert result(SHARED.post("get_block", asked))[NOT_HEEDED] == ["heigth", "client"]
