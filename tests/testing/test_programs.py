"""Programs as people write them for monerod and monero-wallet-rpc, played against a network that misbehaves."""

import json
import threading
from decimal import Decimal
from typing import NamedTuple

import pytest
import requests
import zmq
from monero.backends.jsonrpc import JSONRPCDaemon, JSONRPCWallet
from monero.daemon import Daemon as MoneroDaemon
from monero.wallet import Wallet as MoneroWallet

from monerosim.rpc.wallet import Destination
from monerosim.testing import ModelledMonero
from monerosim.units import XMR


class RefusedError(Exception):
    def __init__(self, error):
        super().__init__(error["message"])
        self.code = error["code"]


class Rpc:
    def __init__(self, url):
        self.url = url
        self.session = requests.Session()

    def __call__(self, method, **params):
        body = {"jsonrpc": "2.0", "id": "0", "method": method, "params": params}
        answer = self.session.post(f"{self.url}/json_rpc", json=body, timeout=20).json()
        if "error" in answer:
            raise RefusedError(answer["error"])
        return answer["result"]

    def post(self, path, **body):
        return self.session.post(f"{self.url}{path}", json=body, timeout=20).json()

    def close(self):
        self.session.close()


class IndexedBlock(NamedTuple):
    hash: str
    previous: str
    reward: int
    transactions: dict


class Explorer:
    """Indexes all blocks and transactions of a node; goes back where the chain has changed."""

    def __init__(self, url):
        self.node = Rpc(url)
        self.blocks = []
        self.gone = []

    def sync(self):
        height = self.node("get_info")["height"]
        while self.blocks and not self._is_current(len(self.blocks) - 1):
            self.gone.append(self.blocks.pop())
        for number in range(len(self.blocks), height):
            self.blocks.append(self._block(number))
            if number:
                assert self.blocks[number].previous == self.blocks[number - 1].hash

    def _is_current(self, height):
        try:
            header = self.node("get_block_header_by_height", height=height)["block_header"]
        except RefusedError as error:
            assert error.code == -2  # noqa: PT017
            return False
        return header["hash"] == self.blocks[height].hash

    def _block(self, height):
        block = self.node("get_block", height=height)
        header, content = block["block_header"], json.loads(block["json"])
        hashes = block.get("tx_hashes", [])
        assert content["tx_hashes"] == hashes
        assert content["miner_tx"]["vin"][0]["gen"]["height"] == height == header["height"]
        assert header["num_txes"] == len(hashes)
        found = self.node.post("/get_transactions", txs_hashes=hashes, decode_as_json=True) if hashes else {"txs": []}
        assert not found.get("missed_tx")
        transactions = {one["tx_hash"]: json.loads(one["as_json"]) for one in found["txs"]}
        fees = sum(one["rct_signatures"]["txnFee"] for one in transactions.values())
        assert sum(out["amount"] for out in content["miner_tx"]["vout"]) == header["reward"] > fees
        return IndexedBlock(header["hash"], header["prev_hash"], header["reward"], transactions)

    def find(self, txid):
        return next((height for height, block in enumerate(self.blocks) if txid in block.transactions), None)

    def key_images(self):
        spent = [
            source["key"]["k_image"]
            for block in self.blocks
            for transaction in block.transactions.values()
            for source in transaction["vin"]
        ]
        assert len(set(spent)) == len(spent)
        return spent

    def emission(self):
        """By addition, and as the node says it."""
        fees = sum(
            transaction["rct_signatures"]["txnFee"]
            for block in self.blocks
            for transaction in block.transactions.values()
        )
        told = self.node("get_coinbase_tx_sum", height=0, count=len(self.blocks))
        assert told["fee_amount"] == fees
        return sum(block.reward for block in self.blocks) - fees, told["emission_amount"]


def test_an_explorer_follows_a_chain_that_changes():
    with ModelledMonero(nodes=2) as monero:
        alice, shop = monero.wallets
        explorer = Explorer(monero.nodes[1].url)
        explorer.sync()
        funding = explorer.key_images()
        txids = [alice.pay(shop, "1 XMR"), shop.pay(alice, "2 XMR")]
        monero.mine(3)
        explorer.sync()
        assert {explorer.find(txid) for txid in txids} == {monero.height - 3}
        assert len(explorer.key_images()) == len(funding) + 2
        monero.reorg(3)
        explorer.sync()
        assert len(explorer.gone) == 3
        assert [explorer.find(txid) for txid in txids] == [None, None]
        assert explorer.key_images() == funding
        images = [bytes(32).hex(), funding[0]]
        assert explorer.node.post("/is_key_image_spent", key_images=images)["spent_status"] == [0, 1]
        waiting = {one["id_hash"] for one in explorer.node.post("/get_transaction_pool")["transactions"]}
        assert waiting == set(txids)
        monero.mine()
        explorer.sync()
        added, told = explorer.emission()
        assert added == told
        assert len(explorer.blocks) == monero.height
        alternatives = explorer.node("get_alternate_chains")["chains"]
        assert [(chain["length"], chain["block_hash"]) for chain in alternatives] == [(3, explorer.gone[0].hash)]
        explorer.node.close()


class DepositWatcher:
    """An exchange's: an address a customer, credit after ten confirmations, and the last blocks are looked at again."""

    OVERLAP = 20
    CONFIRMATIONS = 10

    def __init__(self, url):
        self.wallet = Rpc(url)
        self.customers = {}
        self.deposits = {}
        self.scanned = 0

    def address_for(self, customer):
        made = self.wallet("create_address", account_index=0, label=customer)
        self.customers[made["address_index"]] = customer
        return made["address"]

    def look(self):
        height = self.wallet("get_height")["height"]
        since = max(self.scanned - self.OVERLAP, 0)
        found = self.wallet(
            "get_transfers",
            account_index=0,
            subaddr_indices=list(self.customers),
            filter_by_height=True,
            min_height=since,
            **{"in": True, "pool": True},
        )
        seen = {}
        for entry in found.get("in", []) + found.get("pool", []):
            index = entry["subaddr_index"]["minor"]
            assert entry["locked"] == (entry.get("confirmations", 0) < 10)
            seen[entry["txid"], index] = (entry["height"], entry["amount"])
        # Whatever lies in the blocks that were looked at and is not found again is gone.
        self.deposits = {place: deposit for place, deposit in self.deposits.items() if 0 < deposit[0] <= since} | seen
        self.scanned = height
        return {customer: self.credit(customer) for customer in self.customers.values()}

    def credit(self, customer):
        return sum(
            amount
            for (_, index), (height, amount) in self.deposits.items()
            if self.customers[index] == customer and height and self.scanned - height >= self.CONFIRMATIONS
        )


@pytest.mark.parametrize("depth", [3, 12, 17])
def test_a_deposit_watcher_is_right_after_each_block_and_reorganisation(depth):
    with ModelledMonero(nodes=2, funded="50 XMR") as monero:
        payer, exchange = monero.wallets
        watcher = DepositWatcher(exchange.url)
        ann, bob = watcher.address_for("ann"), watcher.address_for("bob")
        assert watcher.look() == {"ann": 0, "bob": 0}
        before = monero.height
        first = payer.pay(ann, "3 XMR")
        payer.rpc.transfer([Destination(amount=XMR, address=ann), Destination(amount=2 * XMR, address=bob)])
        assert watcher.look() == {"ann": 0, "bob": 0}
        for _ in range(9):
            monero.mine()
            assert watcher.look() == {"ann": 0, "bob": 0}
        monero.mine()
        assert watcher.look() == {"ann": 4 * XMR, "bob": 2 * XMR}
        monero.mine(8)
        monero.reorg(depth)
        assert watcher.look() == {"ann": 4 * XMR, "bob": 2 * XMR}
        # All blocks since the payments, and one payment never comes back.
        monero.reorg(monero.height - before)
        monero.drop(first)
        monero.mine(30)
        assert watcher.look() == {"ann": 1 * XMR, "bob": 2 * XMR}
        watcher.wallet.close()


def test_a_client_library_reads_what_a_wallet_received():
    with ModelledMonero() as monero:
        customer, shop = monero.wallets
        library = MoneroWallet(JSONRPCWallet(port=shop.port))
        address, _ = library.new_address(label="order 1")
        txid = customer.pay(str(address), "0.25 XMR")
        (coming,) = library.incoming(local_address=address, unconfirmed=True, confirmed=False)
        assert (coming.transaction.hash, coming.transaction.height) == (txid, None)
        monero.mine(5)
        (paid,) = library.incoming(local_address=address)
        assert (paid.amount, library.confirmations(paid)) == (Decimal("0.25"), 5)
        assert MoneroDaemon(JSONRPCDaemon(port=monero.nodes[0].port)).height() == monero.height


def test_a_shop_with_integrated_addresses_tells_its_orders_apart():
    with ModelledMonero() as monero:
        customer, shop = monero.wallets
        rpc = Rpc(shop.url)
        orders = [rpc("make_integrated_address", payment_id=f"{number:016x}") for number in range(1, 4)]
        for number, order in enumerate(orders, 1):
            customer.pay(order["integrated_address"], number)
        monero.mine(10)
        ids = [order["payment_id"] for order in orders]
        paid = rpc("get_bulk_payments", payment_ids=ids, min_block_height=0)["payments"]
        assert {payment["payment_id"]: payment["amount"] for payment in paid} == {
            payment_id: number * XMR for number, payment_id in enumerate(ids, 1)
        }
        (last,) = rpc("get_payments", payment_id=ids[2])["payments"]
        assert last["block_height"] == monero.height - 10
        rpc.close()


def test_a_payer_in_a_thread_of_its_own_pays_while_blocks_are_mined():
    """The network is asked from several threads at once, as by a program with workers."""
    with ModelledMonero(nodes=2, wallets=3, funded="10 XMR") as monero:
        *payers, shop = monero.wallets
        sent, failed = [], []

        def pay(wallet):
            rpc = Rpc(wallet.url)
            for _ in range(4):
                try:
                    destinations = [{"address": shop.address, "amount": XMR // 2}]
                    sent.append(rpc("transfer", destinations=destinations)["tx_hash"])
                except RefusedError as error:
                    failed.append(error)
            rpc.close()

        threads = [threading.Thread(target=pay, args=(wallet,)) for wallet in payers]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            monero.mine()
        for thread in threads:
            thread.join()
        monero.mine(10)
        assert not failed
        assert len(set(sent)) == 8
        assert shop.balance == 10 * XMR + 4 * XMR


class Pool:
    """A mining pool's: a template at each new tip, which it hears of by ZMQ."""

    def __init__(self, node, address):
        self.node = Rpc(node.url)
        self.address = address
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.connect(node.zmq)
        self.socket.subscribe("json-minimal-chain_main")
        self.tip = ""

    def wait_for_block(self):
        assert self.socket.poll(20_000)
        _, _, content = self.socket.recv_string().partition(":")
        self.tip = json.loads(content)["ids"][-1]

    def template(self):
        return self.node("get_block_template", wallet_address=self.address, reserve_size=8)

    def close(self):
        self.node.close()
        self.socket.close(linger=0)
        self.context.term()


def test_a_pool_hears_of_blocks_and_works_on_the_newest():
    with ModelledMonero(nodes=2, zmq=True) as monero:
        pool = Pool(monero.nodes[0], monero.miner.address)
        while not pool.socket.poll(50):
            monero.mine()
        while pool.socket.poll(50):
            pool.wait_for_block()
        before = pool.template()
        assert (before["prev_hash"], before["height"]) == (pool.tip, monero.height)
        (block,) = monero.mine(node=1)
        pool.wait_for_block()
        assert pool.tip == block
        after = pool.template()
        assert (after["prev_hash"], after["height"]) == (block, monero.height)
        assert after["blocktemplate_blob"] != before["blocktemplate_blob"]
        reserved = bytes.fromhex(after["blocktemplate_blob"])[after["reserved_offset"] :][:8]
        assert reserved == bytes(8)
        branch = monero.reorg(2)
        for expected in branch:
            pool.wait_for_block()
            assert pool.tip == expected
        assert pool.template()["prev_hash"] == branch[-1]
        pool.close()
