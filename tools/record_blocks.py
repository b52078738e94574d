"""Fill a monerod's pool with heavy transactions, mine blocks above 300,000, and write what it says of them as JSON.

The daemon must be a fresh regtest one (--regtest --keep-fakechain --fixed-difficulty 1 --offline --disable-rpc-ban
--rpc-ssl disabled), the wallet must have no files (--trusted-daemon --daemon-ssl disabled): a daemon that bans who
sends what it refuses, or ends one TLS connection among hundreds, ends the recording. It takes a quarter of an hour.
tests/model/test_recorded_blocks.py plays the recording on the model::

    python tools/record_blocks.py --daemon URL --wallet URL > tests/model/recorded_blocks.json
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from itertools import cycle
from typing import Any

import requests

COINBASES = 420
PIECES = 60
"""Payments that cut the coinbases into pieces, each of which pays for a payment of those that follow."""

PIECE = 5 * 10**12
ROUNDS = 12
"""With one more there are 10,000 outputs, most of them locked, and wallet2 takes no ring of the others
(src/cryptonote_core/tx_sanity_check.cpp)."""

SPLITS = 52
"""Payments to sixteen outputs in each of the first blocks."""

PART = 200_000_000_000
"""What each of their outputs gets: 140 of them pay for a sweep at the highest priority."""

TOGETHER = 14
"""Transactions sent within a second."""

SWEPT = (3, 3, 4, 3, 3, 3, 5, 3, 3, 6)
"""Sweeps sent before each of the blocks that follow."""

SWEEP_PRIORITIES = {1: 4, 2: 3}
"""By the subaddress that is swept."""


class Service:
    """A daemon or a wallet over HTTP."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()

    def call(self, method: str, params: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Call a JSON-RPC method and return its result; raise LookupError if it answered an error."""
        body = {"jsonrpc": "2.0", "id": "0", "method": method, "params": dict(params or {})}
        answer = self.post("/json_rpc", body)
        if "result" not in answer:
            raise LookupError(f"{method}: {answer}")
        return answer["result"]

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post to a path."""
        return self._session.post(self._url + path, json=body, timeout=3600).json()


class Recorder:
    """Mines, and writes down what the daemon says before and after each block.

    Args:
        daemon: A monerod.
        wallet: Its wallet.

    Attributes:
        recorded: The recording so far.
    """

    def __init__(self, daemon: Service, wallet: Service) -> None:
        self._daemon = daemon
        self._wallet = wallet
        wallet.call("create_wallet", {"filename": "heavy", "language": "English"})
        self._address = wallet.call("get_address")["address"]
        wallet.call("create_address", {"account_index": 0, "count": len(SWEEP_PRIORITIES)})
        listed = wallet.call("get_address", {"account_index": 0})["addresses"]
        self._targets = [entry["address"] for entry in listed[1:]]
        self._seen: list[str] = []
        self._sent: list[str] = []
        version = wallet.call("get_version")["version"]
        self.recorded: dict[str, Any] = {"wallet_version": version, "coinbases": COINBASES}
        self._blocks: list[Any] = []
        self.recorded["blocks"] = self._blocks

    def mine(self, count: int) -> str:
        """Mine blocks without recording them; return the hash of the last."""
        wanted: dict[str, Any] = {"wallet_address": self._address}
        while count:
            found = self._daemon.call("generateblocks", {**wanted, "amount_of_blocks": min(count, 20)})
            count -= min(count, 20)
        return str(found["blocks"][-1])

    def block(self) -> None:
        """Record pool, fees and template, mine a block, and record it."""
        pool: list[Any] = self._daemon.post("/get_transaction_pool", {}).get("transactions", [])
        entries = {entry["id_hash"]: entry for entry in pool}
        new = [identity for identity in self._sent if identity not in self._seen]
        self._seen += new
        fees = [self._daemon.call("get_fee_estimate", {"grace_blocks": grace})["fees"] for grace in (0, 10)]
        template = self._daemon.call("get_block_template", {"wallet_address": self._address, "reserve_size": 0})
        found = self._daemon.call("get_block", {"hash": self.mine(1)})
        header, info = found["block_header"], self._daemon.call("get_info")
        shown = ("block_weight", "long_term_weight", "reward", "timestamp")
        self._blocks.append(
            {
                "new": [[entries[it][key] for key in ("weight", "fee", "receive_time")] for it in new],
                "fees": fees,
                "expected_reward": template["expected_reward"],
                "taken": [self._seen.index(identity) for identity in found.get("tx_hashes", [])],
                **{key: header[key] for key in shown},
                "median": info["block_weight_median"],
                "limit": info["block_weight_limit"],
            }
        )
        print(len(self._blocks), header["block_weight"], info["block_weight_limit"], file=sys.stderr)

    def pay(self, target: str, amount: int, priority: int) -> None:
        """Pay to fifteen outputs, and change; a ring that the daemon finds too narrow is drawn again."""
        wanted: dict[str, Any] = {"destinations": [{"address": target, "amount": amount}] * 15, "priority": priority}
        for _ in range(20):
            try:
                made = self._wallet.call("transfer", {**wanted, "subaddr_indices": [0]})
            except LookupError as error:
                if "sanity check" not in str(error):
                    raise
            else:
                self._sent.append(made["tx_hash"])
                return
        raise LookupError("no ring is wide enough")

    def cut(self) -> None:
        """Cut the coinbases into pieces."""
        self._wallet.call("refresh")
        for number in range(PIECES):
            self.pay(self._address, PIECE, 1)
            if number % 20 == 19:  # noqa: PLR2004  (as many as a light block takes)
                self.block()
        self.pass_by(10)

    def pass_by(self, count: int) -> None:
        """Mine blocks whose weights say nothing."""
        self.mine(count)
        self._blocks.append({"empty": count})

    def split(self) -> None:
        """Pay to sixteen outputs in many transactions, and record the blocks that take them."""
        targets, priorities = cycle([0, 0, 1]), cycle([4, 3, 4, 4, 2, 4, 4, 3, 4, 1, 4, 4])
        for _ in range(ROUNDS):
            self._wallet.call("refresh")
            for _ in range(SPLITS):
                self.pay(self._targets[next(targets)], PART, next(priorities))
            self.block()

    def sweep(self) -> None:
        """Sweep the parts, some sweeps before each block, and record the blocks."""
        self.pass_by(10)
        self._wallet.call("refresh")
        hexes: list[list[tuple[str, str]]] = []
        for index, priority in SWEEP_PRIORITIES.items():
            wanted: dict[str, Any] = {"address": self._address, "subaddr_indices": [index], "priority": priority}
            made = self._wallet.call("sweep_all", {**wanted, "do_not_relay": True, "get_tx_hex": True})
            hexes.append(list(zip(made["tx_hash_list"], made["tx_blob_list"], strict=True)))
            print(f"{len(hexes[-1])} sweeps at priority {priority}", file=sys.stderr)
        most = max(map(len, hexes))
        # The two priorities mixed as far as they go.
        blobs = [own[place * len(own) // most] for place in range(most) for own in hexes]
        waiting = list(dict.fromkeys(blobs))
        for number in cycle(SWEPT):
            now, waiting = waiting[:number], waiting[number:]
            for identity, blob in now:
                answer = self._daemon.post("/send_raw_transaction", {"tx_as_hex": blob, "do_sanity_checks": False})
                if answer["status"] != "OK":
                    raise LookupError(f"send_raw_transaction: {answer}")
                self._sent.append(identity)
                time.sleep(0.4)
            self.pay(self._address, PART, 3)
            self.block()
            if not now:
                return

    def within_a_second(self) -> None:
        """Send several with the same fee a byte within a second, and record in which order a block takes them."""
        self.mine(3)
        self._wallet.call("refresh")
        wanted = {"transfer_type": "available", "account_index": 0, "subaddr_indices": [0]}
        coins = [coin for coin in self._wallet.call("incoming_transfers", wanted)["transfers"] if coin["unlocked"]]
        coins = sorted(coins, key=lambda coin: -coin["amount"])[:TOGETHER]
        once = {"address": self._address, "priority": 4, "do_not_relay": True, "get_tx_hex": True}
        made = [self._wallet.call("sweep_single", {**once, "key_image": coin["key_image"]}) for coin in coins]
        time.sleep(1 - time.time() % 1)
        for sent in made:
            self._daemon.post("/send_raw_transaction", {"tx_as_hex": sent["tx_blob"], "do_sanity_checks": False})
        time.sleep(3)
        taken = self._daemon.call("get_block", {"hash": self.mine(1)})["tx_hashes"]
        hashes = [sent["tx_hash"] for sent in made]
        self.recorded["within_a_second"] = {
            "sent": [[sent["weight"], sent["fee"]] for sent in made],
            "taken": [hashes.index(identity) for identity in taken if identity in hashes],
        }


def main() -> None:
    """Record, and print the recording."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for service in ("daemon", "wallet"):
        parser.add_argument(f"--{service}", required=True, metavar="URL")
    given = parser.parse_args()
    recorder = Recorder(Service(given.daemon), Service(given.wallet))
    try:
        recorder.mine(COINBASES)
        recorder.cut()
        recorder.split()
        recorder.sweep()
        recorder.within_a_second()
    finally:
        # What there is of one that was interrupted is whole blocks.
        print(json.dumps(recorder.recorded, separators=(",", ":")))


if __name__ == "__main__":
    main()
