"""The methods of monero-wallet-rpc that make, open and close wallets (src/wallet/wallet_rpc_server.cpp)."""

from typing import Annotated

from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U64, UNHEEDED, Parameters, is_hash
from monerosim.model.wallet_session import WalletFile, WalletSession
from monerosim.model.wallet_state import WalletState
from monerosim.monero.address import Keys, decode_address, encode_address
from monerosim.monero.constants import approximate_height
from monerosim.monero.seed_words import LANGUAGES, OLD_STYLE, read_seed_words, seed_words
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()

_OLD_ENGLISH = "English (old)"


def _is_language(language: str) -> bool:
    return language in LANGUAGES or language in LANGUAGES.values() or language == _OLD_ENGLISH


class CreateWallet(Parameters, frozen=True):
    """The parameters of create_wallet."""

    filename: str = ""
    password: str = ""
    language: str = ""


@METHODS.method(CreateWallet, "create_wallet")
def create_wallet(session: WalletSession, asked: CreateWallet) -> dict[str, Json]:
    """Answer create_wallet."""
    if not _is_language(asked.language):
        raise ServiceError(-1, f"Unknown language: {asked.language}")
    if "/" in asked.filename or "\\" in asked.filename or asked.filename in {".", ".."}:
        raise ServiceError(-1, "Invalid filename")
    if asked.filename in session.files:
        raise ServiceError(-21, "Cannot create wallet. Already exists.")
    keys, seed = session.new_keys(asked.filename)
    # A daemon that answers is asked instead; in blocks up to then a new wallet has no coins.
    deaf = session.node is None or not session.node.is_up
    height = approximate_height(session.blockchain.unix(session.blockchain.now())) if deaf else 0
    language = _own_name(asked.language)
    wallet = WalletState(session.blockchain, keys, tag=seed, language=language, restore_height=height)
    session.open(WalletFile(wallet, asked.password), asked.filename)
    return {}


def _own_name(language: str) -> str:
    """Return the name of a language in itself."""
    return next((own for own, english in LANGUAGES.items() if language in {own, english}), "English")


class OpenWallet(Parameters, frozen=True):
    """The parameters of open_wallet; a wallet is always saved."""

    filename: str = ""
    password: str = ""
    autosave_current: Annotated[bool, UNHEEDED] = True


@METHODS.method(OpenWallet, "open_wallet")
def open_wallet(session: WalletSession, asked: OpenWallet) -> dict[str, Json]:
    """Answer open_wallet."""
    if "/" in asked.filename:
        raise ServiceError(-1, "Invalid filename")
    file = session.files.get(asked.filename)
    if file is None or file.password != asked.password:
        raise ServiceError(-1, "Failed to open wallet")
    session.open(file)
    return {}


class CloseWallet(Parameters, frozen=True):
    """The parameters of close_wallet; a wallet is always saved."""

    autosave_current: Annotated[bool, UNHEEDED] = True


@METHODS.method(CloseWallet, "close_wallet")
def close_wallet(session: WalletSession, _asked: CloseWallet) -> dict[str, Json]:
    """Answer close_wallet."""
    session.require_wallet()
    session.opened = None
    return {}


@METHODS.method(Parameters, "store")
def store(session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer store."""
    session.require_wallet()
    return {}


class ChangePassword(Parameters, frozen=True):
    """The parameters of change_wallet_password."""

    old_password: str = ""
    new_password: str = ""


@METHODS.method(ChangePassword, "change_wallet_password")
def change_wallet_password(session: WalletSession, asked: ChangePassword) -> dict[str, Json]:
    """Answer change_wallet_password."""
    wallet, opened = session.wallet, session.opened
    if opened is None or opened.password != asked.old_password:
        raise ServiceError(-22, "Invalid original password.")
    session.opened = WalletFile(wallet, asked.new_password)
    for name, file in session.files.items():
        if file is opened:
            session.files[name] = session.opened
    return {}


def _check_filename(session: WalletSession, filename: str) -> None:
    if "/" in filename:
        raise ServiceError(-1, "Invalid filename")
    if filename and filename in session.files:
        raise ServiceError(-1, "Wallet already exists.")


class RestoreWallet(Parameters, frozen=True):
    """The parameters of restore_deterministic_wallet; a language is asked for with words of an old kind alone."""

    restore_height: U64 = 0
    filename: str = ""
    seed: str = ""
    seed_offset: str = ""
    password: str = ""
    language: Annotated[str, UNHEEDED] = ""
    autosave_current: Annotated[bool, UNHEEDED] = True


@METHODS.method(RestoreWallet, "restore_deterministic_wallet")
def restore_deterministic_wallet(session: WalletSession, asked: RestoreWallet) -> dict[str, Json]:
    """Answer restore_deterministic_wallet."""
    if not asked.seed:
        raise ServiceError(-1, "field 'seed' is mandatory. Please provide a seed you want to restore from.")
    _check_filename(session, asked.filename)
    try:
        secret, language = read_seed_words(asked.seed)
    except ValueError:
        raise ServiceError(-1, "Electrum-style word list failed verification") from None
    if asked.seed_offset:
        raise ServiceError(-1, "The model does not know how a seed offset is hashed (CryptoNight)")
    keys = Keys(secret)
    wallet = _made_of(session, keys, asked.restore_height, language)
    session.open(WalletFile(wallet, asked.password), asked.filename)
    return {
        "address": encode_address(keys.standard),
        "info": "Wallet has been restored successfully.",
        "seed": seed_words(keys.spend_secret or 0, language),
        "was_deprecated": len(asked.seed.split()) == OLD_STYLE,
    }


def _made_of(session: WalletSession, keys: Keys, restore_height: int, language: str) -> WalletState:
    # Two wallets of the same keys make different transactions, even from the same outputs.
    tag = f"{session.name}/{len(session.files)}".encode() + keys.standard.keys
    return WalletState(session.blockchain, keys, tag=tag, language=language, restore_height=restore_height)


class GenerateFromKeys(Parameters, frozen=True):
    """The parameters of generate_from_keys."""

    restore_height: U64 = 0
    filename: str = ""
    address: str = ""
    spendkey: str = ""
    viewkey: str = ""
    password: str = ""
    autosave_current: Annotated[bool, UNHEEDED] = True
    language: str = ""


@METHODS.method(GenerateFromKeys, "generate_from_keys")
def generate_from_keys(session: WalletSession, asked: GenerateFromKeys) -> dict[str, Json]:
    """Answer generate_from_keys."""
    if not asked.viewkey:
        raise ServiceError(-1, "field 'viewkey' is mandatory. Please provide a view key you want to restore from.")
    if not asked.address:
        raise ServiceError(-1, "field 'address' is mandatory. Please provide a public address.")
    _check_filename(session, asked.filename)
    try:
        address = decode_address(asked.address)
    except ValueError:
        raise ServiceError(-1, "Failed to parse public address") from None
    view = _secret(asked.viewkey, "Failed to parse view key secret key")
    if asked.spendkey:
        keys = Keys(_secret(asked.spendkey, "Failed to parse spend key secret key"), view)
        if keys.standard.keys[:32] != address.keys[:32]:
            raise ServiceError(-1, "spend key does not match standard address")
        info = "Wallet has been generated successfully."
    else:
        keys = Keys.to_view(address, view)
        info = "Watch-only wallet has been generated successfully."
    if keys.standard.keys != address.keys:
        raise ServiceError(-1, "view key does not match standard address")
    if asked.language and not _is_language(asked.language):
        raise ServiceError(-1, "The specified seed language is invalid.")
    wallet = _made_of(session, keys, asked.restore_height, _own_name(asked.language) if asked.language else "English")
    session.open(WalletFile(wallet, asked.password), asked.filename)
    return {"address": encode_address(keys.standard), "info": info}


def _secret(text: str, message: str) -> int:
    if not is_hash(text):
        raise ServiceError(-1, message)
    return int.from_bytes(bytes.fromhex(text), "little")


class QueryKey(Parameters, frozen=True):
    """The parameters of query_key."""

    key_type: str = ""


@METHODS.method(QueryKey, "query_key")
def query_key(session: WalletSession, asked: QueryKey) -> dict[str, Json]:
    """Answer query_key."""
    wallet = session.wallet
    keys = wallet.keys
    if asked.key_type == "view_key":
        return {"key": keys.view_secret.to_bytes(32, "little").hex()}
    if asked.key_type not in {"mnemonic", "spend_key"}:
        raise ServiceError(0, f"key_type {asked.key_type} not found")
    secret = keys.spend_secret
    if secret is None:
        what = "seed" if asked.key_type == "mnemonic" else "spend key"
        raise ServiceError(-29, f"The wallet is watch-only. Cannot retrieve {what}.")
    if asked.key_type == "spend_key":
        return {"key": secret.to_bytes(32, "little").hex()}
    if not keys.from_words:
        raise ServiceError(-43, "The wallet is non-deterministic. Cannot display seed.")
    return {"key": seed_words(secret, wallet.language)}
