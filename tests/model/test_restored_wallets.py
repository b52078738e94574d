"""Wallets that are made of words and keys: coins belong to keys, whichever wallet is made of them, and when."""

import pytest
from monero.seed import Seed
from simulated import RefusedError, Simulated, ask

from monerosim.model import WalletServer
from monerosim.monero.address import Keys, encode_address
from monerosim.monero.seed_words import read_seed_words
from monerosim.units import XMR


def words(wallet) -> str:
    return ask(wallet, "query_key", key_type="mnemonic")["key"]


def key(wallet, kind: str) -> str:
    return ask(wallet, "query_key", key_type=f"{kind}_key")["key"]


@pytest.fixture
def paid():
    """A miner (0) that has paid a user (1) at a subaddress of an account, and again at the primary address."""
    net = Simulated(nodes=1)
    net.wallets.append(WalletServer(net.blockchain, net.daemons[0], name="user", seed=7, ready_at=0))
    ask(net.wallets[1], "create_wallet", filename="main", language="English")
    net.addresses.append(ask(net.wallets[1], "get_address")["address"])
    net.mine(0, 90)
    net.refresh()
    ask(net.wallets[1], "create_account", label="shop")
    net.shop = ask(net.wallets[1], "create_address", account_index=1)["address"]
    for address in (net.shop, net.addresses[1]):
        ask(net.wallets[0], "transfer", destinations=[{"address": address, "amount": XMR}])
    net.mine(0, 12)
    net.refresh()
    return net


def test_the_words_are_those_of_the_keys(paid):
    seed = Seed(words(paid.wallets[1]))
    assert seed.public_address() == paid.addresses[1]
    assert seed.secret_spend_key() == key(paid.wallets[1], "spend")
    assert seed.secret_view_key() == key(paid.wallets[1], "view")


def test_a_wallet_restored_after_it_was_paid_has_its_coins_and_spends_them(paid):
    restored = ask(paid.wallets[0], "restore_deterministic_wallet", filename="again", seed=words(paid.wallets[1]))
    assert restored["address"] == paid.addresses[1]
    ask(paid.wallets[0], "refresh")
    accounts = ask(paid.wallets[0], "get_accounts")
    assert [account["balance"] for account in accounts["subaddress_accounts"]] == [XMR, XMR]
    assert ask(paid.wallets[0], "get_transfers", **{"in": True, "all_accounts": True})["in"][0]["amount"] == XMR

    spent = ask(paid.wallets[0], "sweep_all", address=paid.addresses[0], account_index=1)
    paid.mine(0)
    paid.refresh()
    assert ask(paid.wallets[1], "get_balance", account_index=1)["balance"] == 0
    (out,) = ask(paid.wallets[1], "get_transfers", out=True, account_index=1)["out"]
    assert [out["txid"]] == spent["tx_hash_list"]
    assert "destinations" not in out


def test_coins_paid_before_any_wallet_had_the_keys_are_found(paid):
    seed = Seed("11" * 32)
    subaddress = address_of(seed.phrase, 2, 5)
    for address in (str(seed.public_address()), subaddress):
        ask(paid.wallets[0], "transfer", destinations=[{"address": address, "amount": XMR}])
    paid.mine(0)
    ask(paid.wallets[1], "restore_deterministic_wallet", filename="late", seed=seed.phrase)
    ask(paid.wallets[1], "refresh")
    accounts = ask(paid.wallets[1], "get_accounts")
    assert accounts["total_balance"] == 2 * XMR
    assert [account["balance"] for account in accounts["subaddress_accounts"]] == [XMR, 0, XMR]
    # Paid again, to an address that no wallet has shown.
    ask(paid.wallets[0], "refresh")
    other = address_of(seed.phrase, 0, 9)
    ask(paid.wallets[0], "transfer", destinations=[{"address": other, "amount": XMR}])
    paid.mine(0)
    ask(paid.wallets[1], "refresh")
    assert ask(paid.wallets[1], "get_accounts")["total_balance"] == 3 * XMR


def address_of(phrase: str, account: int, index: int) -> str:
    """An address that a wallet elsewhere would show."""
    return encode_address(Keys(read_seed_words(phrase)[0]).address(account, index))


def test_a_wallet_restored_from_a_height_does_not_see_what_was_before(paid):
    height = ask(paid.wallets[1], "get_height")["height"]
    restored = {"filename": "new", "seed": words(paid.wallets[1]), "restore_height": height}
    ask(paid.wallets[1], "restore_deterministic_wallet", **restored)
    ask(paid.wallets[1], "refresh")
    assert ask(paid.wallets[1], "get_balance")["balance"] == 0
    assert ask(paid.wallets[1], "get_height")["height"] == height


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: "", "mandatory"),
        (lambda phrase: " ".join(phrase.split()[:23]), "failed verification"),
        (lambda phrase: phrase.replace(phrase.split()[3], "monero", 1), "failed verification"),
        (lambda phrase: " ".join([*phrase.split()[1:], phrase.split()[0]]), "failed verification"),
    ],
)
def test_words_that_are_none_are_refused(paid, change, message):
    with pytest.raises(RefusedError, match=message) as refused:
        ask(paid.wallets[1], "restore_deterministic_wallet", filename="x", seed=change(words(paid.wallets[1])))
    assert refused.value.code == -1


def test_a_wallet_of_keys_is_the_same_wallet_and_one_to_view_cannot_spend(paid):
    keys = {"address": paid.addresses[1], "viewkey": key(paid.wallets[1], "view")}
    spend = key(paid.wallets[1], "spend")
    whole = ask(paid.wallets[0], "generate_from_keys", filename="whole", spendkey=spend, **keys)
    assert whole["address"] == paid.addresses[1]
    ask(paid.wallets[0], "refresh")
    assert ask(paid.wallets[0], "get_balance")["unlocked_balance"] == XMR
    ask(paid.wallets[0], "transfer", destinations=[{"address": paid.addresses[1], "amount": XMR // 2}])
    paid.mine(0)

    ask(paid.wallets[0], "generate_from_keys", filename="view", **keys)
    ask(paid.wallets[0], "refresh")
    fee = XMR - _balance_of(paid.wallets[1])
    assert fee > 0
    # It sees the payment back as income, and not that something was spent.
    assert ask(paid.wallets[0], "get_balance")["balance"] == 2 * XMR - fee
    for kind, code in (("spend_key", -29), ("mnemonic", -29)):
        with pytest.raises(RefusedError) as refused:
            ask(paid.wallets[0], "query_key", key_type=kind)
        assert refused.value.code == code
    with pytest.raises(RefusedError) as refused:
        ask(paid.wallets[0], "transfer", destinations=[{"address": paid.addresses[1], "amount": 1}])
    assert refused.value.code == -29
    images = ask(paid.wallets[1], "export_key_images", all=True)
    learnt = ask(paid.wallets[0], "import_key_images", signed_key_images=images["signed_key_images"])
    assert learnt["spent"] == XMR
    assert ask(paid.wallets[0], "get_balance")["balance"] == XMR - fee


def _balance_of(wallet):
    ask(wallet, "refresh")
    return ask(wallet, "get_balance")["balance"]


def test_keys_of_another_address_are_refused(paid):
    keys = {"address": paid.addresses[0], "viewkey": key(paid.wallets[1], "view")}
    with pytest.raises(RefusedError, match="view key does not match"):
        ask(paid.wallets[1], "generate_from_keys", filename="x", **keys)
    with pytest.raises(RefusedError, match="spend key does not match"):
        ask(paid.wallets[1], "generate_from_keys", filename="x", spendkey=key(paid.wallets[1], "spend"), **keys)


def test_a_wallet_whose_keys_do_not_follow_from_words_shows_none(paid):
    keys = Keys(5, 7)
    made = {"address": encode_address(keys.standard), "viewkey": "07" + "00" * 31, "spendkey": "05" + "00" * 31}
    ask(paid.wallets[1], "generate_from_keys", filename="odd", **made)
    with pytest.raises(RefusedError, match="non-deterministic") as refused:
        ask(paid.wallets[1], "query_key", key_type="mnemonic")
    assert refused.value.code == -43


def test_a_rescan_forgets_destinations_and_keeps_coins(paid):
    ask(paid.wallets[1], "transfer", destinations=[{"address": paid.addresses[0], "amount": XMR // 2}])
    paid.mine(0)
    paid.refresh()
    before = ask(paid.wallets[1], "get_balance")
    (out,) = ask(paid.wallets[1], "get_transfers", out=True)["out"]
    assert out["destinations"][0]["amount"] == XMR // 2
    ask(paid.wallets[1], "rescan_blockchain")
    (again,) = ask(paid.wallets[1], "get_transfers", out=True)["out"]
    assert "destinations" not in again
    assert (again["amount"], ask(paid.wallets[1], "get_balance")) == (out["amount"], before)
