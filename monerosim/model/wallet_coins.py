"""The methods of monero-wallet-rpc that look at the wallet's outputs again, or carry them between wallets.

src/wallet/wallet_rpc_server.cpp and wallet2.cpp.
"""

from typing import Annotated

from monerosim.model.errors import ServiceError
from monerosim.model.holdings import Holding
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import U32, UNHEEDED, Parameters, is_hash, is_hex
from monerosim.model.records import Output
from monerosim.model.wallet_service import check_trust
from monerosim.model.wallet_session import WalletSession
from monerosim.model.wallet_state import WalletState
from monerosim.rpc.transport import Json

METHODS: Methods[WalletSession] = Methods()

_OUTPUTS = b"monerosim outputs"
_HASH = 32


class Rescan(Parameters, frozen=True):
    """The parameters of rescan_blockchain."""

    hard: bool = False


@METHODS.method(Rescan, "rescan_blockchain")
def rescan_blockchain(session: WalletSession, asked: Rescan) -> dict[str, Json]:
    """Answer rescan_blockchain: what the chain does not say is lost, with ``hard`` the address book and keys too."""
    wallet, view = session.wallet, session.daemon_view(-38, "no connection to daemon")
    wallet.forget_everything()
    if asked.hard:
        wallet.labels = [["Primary account"]]
        wallet.notes.address_book.clear()
        wallet.made.clear()
    wallet.refresh(view)
    return {}


@METHODS.method(Parameters, "rescan_spent")
def rescan_spent(session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer rescan_spent; a modelled wallet is never mistaken about what is spent."""
    session.require_wallet()
    session.daemon_view(-38, "no connection to daemon")
    return {}


class ScanTx(Parameters, frozen=True):
    """The parameters of scan_tx."""

    txids: Annotated[tuple[str, ...], UNHEEDED] = ()


@METHODS.method(ScanTx, "scan_tx")
def scan_tx(session: WalletSession, asked: ScanTx) -> dict[str, Json]:
    """Answer scan_tx; a modelled wallet has seen all transactions up to where it has scanned."""
    session.require_wallet()
    if not all(is_hash(txid) for txid in asked.txids):
        raise ServiceError(-8, "TX ID has invalid format")
    return {}


class KeyImage(Parameters, frozen=True):
    """The parameters of freeze, thaw and frozen."""

    key_image: str = ""


def _held(wallet: WalletState, asked: KeyImage, purpose: str) -> Holding:
    if not asked.key_image:
        raise ServiceError(-1, f"Must specify key image to {purpose}")
    if not is_hash(asked.key_image):
        raise ServiceError(-10, "failed to parse key image")
    image = bytes.fromhex(asked.key_image)
    for holding in wallet.holdings.values():
        if holding.output.key_image == image:
            return holding
    raise ServiceError(-1, "Key image not found")


@METHODS.method(KeyImage, "freeze")
def freeze(session: WalletSession, asked: KeyImage) -> dict[str, Json]:
    """Answer freeze."""
    wallet = session.wallet
    wallet.freeze(_held(wallet, asked, "freeze"), frozen=True)
    return {}


@METHODS.method(KeyImage, "thaw")
def thaw(session: WalletSession, asked: KeyImage) -> dict[str, Json]:
    """Answer thaw."""
    wallet = session.wallet
    wallet.freeze(_held(wallet, asked, "thaw"), frozen=False)
    return {}


@METHODS.method(KeyImage, "frozen")
def frozen(session: WalletSession, asked: KeyImage) -> dict[str, Json]:
    """Answer frozen."""
    return {"frozen": _held(session.wallet, asked, "check if frozen").frozen}


class ExportOutputs(Parameters, frozen=True):
    """The parameters of export_outputs."""

    all: bool = False


@METHODS.method(ExportOutputs, "export_outputs")
def export_outputs(session: WalletSession, asked: ExportOutputs) -> dict[str, Json]:
    """Answer export_outputs: those that the wallet does not know the key images of, or all."""
    wallet = session.wallet
    known = wallet.known
    chosen = [output for output in wallet.holdings if asked.all or (known is not None and output not in known)]
    return {"outputs_data_hex": (_OUTPUTS + b"".join(output.public_key for output in chosen)).hex()}


class ImportOutputs(Parameters, frozen=True):
    """The parameters of import_outputs."""

    outputs_data_hex: str = ""


@METHODS.method(ImportOutputs, "import_outputs")
def import_outputs(session: WalletSession, asked: ImportOutputs) -> dict[str, Json]:
    """Answer import_outputs; a modelled wallet finds its outputs by itself, and counts those that it knows."""
    wallet = session.wallet
    if not is_hex(asked.outputs_data_hex):
        raise ServiceError(-26, "Failed to parse hex.")
    data = bytes.fromhex(asked.outputs_data_hex)
    body = data.removeprefix(_OUTPUTS)
    if not data.startswith(_OUTPUTS) or len(body) % _HASH:
        raise ServiceError(-1, "Bad magic from outputs")
    keys = {body[place : place + _HASH] for place in range(0, len(body), _HASH)}
    found = [output for output in wallet.holdings if output.public_key in keys]
    wallet.requested.update(found)
    return {"num_imported": len(found)}


class ExportKeyImages(Parameters, frozen=True):
    """The parameters of export_key_images."""

    all: bool = False


@METHODS.method(ExportKeyImages, "export_key_images")
def export_key_images(session: WalletSession, asked: ExportKeyImages) -> dict[str, Json]:
    """Answer export_key_images: from the first output on that import_outputs brought, or all."""
    wallet = session.wallet
    held = list(wallet.holdings)
    wanted = (place for place, output in enumerate(held) if output in wallet.requested)
    offset = 0 if asked.all else next(wanted, len(held))
    images: list[Json] = [
        {"key_image": output.key_image.hex(), "signature": _signature(session, output)}
        for output in held[offset:]
        if wallet.known is None or output in wallet.known
    ]
    return {"offset": offset, **({"signed_key_images": images} if images else {})}


def _signature(session: WalletSession, output: Output) -> str:
    """Return what the model has for the proof that a key image is an output's, hexadecimal."""
    digest = session.blockchain.digest
    return (digest("key image", output.key_image) + digest("key image proof", output.key_image)).hex()


class SignedKeyImage(Parameters, frozen=True):
    """A key image of import_key_images."""

    key_image: str = ""
    signature: str = ""


class ImportKeyImages(Parameters, frozen=True):
    """The parameters of import_key_images."""

    signed_key_images: tuple[SignedKeyImage, ...] = ()
    offset: U32 = 0


@METHODS.method(ImportKeyImages, "import_key_images")
def import_key_images(session: WalletSession, asked: ImportKeyImages) -> dict[str, Json]:
    """Answer import_key_images."""
    wallet, given = session.wallet, asked.signed_key_images
    check_trust(session)
    for one in given:
        if not is_hash(one.key_image):
            raise ServiceError(-10, "failed to parse key image")
        if len(one.signature) != 4 * _HASH or not is_hex(one.signature):
            raise ServiceError(-9, "failed to parse signature")
    held = list(wallet.holdings)
    if asked.offset > len(held):
        raise ServiceError(-1, "Offset larger than known outputs")
    if len(given) > len(held) - asked.offset:
        raise ServiceError(-1, "The blockchain is out of date compared to the signed key images")
    outputs = held[asked.offset : asked.offset + len(given)]
    for output, one in zip(outputs, given, strict=True):
        if output.key_image.hex() != one.key_image or _signature(session, output) != one.signature:
            raise ServiceError(-1, "Signature check failed")
    wallet.learn(outputs)
    spent = sum(output.amount for output in outputs if wallet.holdings[output].spent_in is not None)
    heights = [wallet.holdings[output].block.height for output in outputs]
    total = sum(output.amount for output in outputs)
    return {"height": max(heights, default=0), "spent": spent, "unspent": total - spent}
