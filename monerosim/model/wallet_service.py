"""The methods of monero-wallet-rpc that concern the service and its daemon (src/wallet/wallet_rpc_server.cpp)."""

from typing import Annotated

from monerosim.model import daemon_mining
from monerosim.model.errors import ServiceError
from monerosim.model.jsonrpc import Methods
from monerosim.model.parameters import I8, U32, U64, UNHEEDED, Parameters
from monerosim.model.wallet_session import REFRESH_PERIOD, WalletSession
from monerosim.monero.address import encode_address
from monerosim.monero.seed_words import LANGUAGES
from monerosim.rpc.transport import Json
from monerosim.units import SECOND

METHODS: Methods[WalletSession] = Methods()

VERSION = 65_561
"""``WALLET_RPC_VERSION`` of 0.18.0: 1.25."""

_SSL_MODES = frozenset({"disabled", "enabled", "autodetect"})
_MOST_VERBOSE = 4
_THREADS = 4
"""Hardware threads of the machine that is modelled."""


@METHODS.method(Parameters, "get_version")
def get_version(_session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer get_version."""
    return {"release": False, "version": VERSION}


@METHODS.method(Parameters, "get_languages")
def get_languages(_session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer get_languages."""
    return {"languages": [*LANGUAGES.values()], "languages_local": [*LANGUAGES]}


class Refresh(Parameters, frozen=True):
    """The parameters of refresh."""

    start_height: Annotated[U64, UNHEEDED] = 0


@METHODS.method(Refresh, "refresh")
def refresh(session: WalletSession, _asked: Refresh) -> dict[str, Json]:
    """Answer refresh."""
    fetched, received = session.wallet.refresh(session.daemon_view(-38, "no connection to daemon"))
    return {"blocks_fetched": fetched, "received_money": received}


class AutoRefresh(Parameters, frozen=True):
    """The parameters of auto_refresh; the period in seconds."""

    enable: bool = True
    period: U32 = 0


@METHODS.method(AutoRefresh, "auto_refresh")
def auto_refresh(session: WalletSession, asked: AutoRefresh) -> dict[str, Json]:
    """Answer auto_refresh."""
    session.period = (asked.period * SECOND or REFRESH_PERIOD) if asked.enable else 0
    return {}


class SetDaemon(Parameters, frozen=True):
    """The parameters of set_daemon."""

    address: str = ""
    username: Annotated[str, UNHEEDED] = ""
    password: Annotated[str, UNHEEDED] = ""
    trusted: bool = False
    ssl_support: str = "autodetect"
    ssl_private_key_path: Annotated[str, UNHEEDED] = ""
    ssl_certificate_path: Annotated[str, UNHEEDED] = ""
    ssl_ca_file: Annotated[str, UNHEEDED] = ""
    ssl_allowed_fingerprints: Annotated[tuple[str, ...], UNHEEDED] = ()
    ssl_allow_any_cert: bool = False


@METHODS.method(SetDaemon, "set_daemon")
def set_daemon(session: WalletSession, asked: SetDaemon) -> dict[str, Json]:
    """Answer set_daemon; a daemon that nobody knows is one that does not answer."""
    session.require_wallet()
    if asked.ssl_support not in _SSL_MODES:
        raise ServiceError(-38, "Invalid ssl support mode")
    vouched = asked.ssl_allow_any_cert or asked.ssl_allowed_fingerprints or asked.ssl_ca_file
    if asked.ssl_support == "enabled" and not vouched:
        raise ServiceError(-38, "SSL is enabled but no user certificate or fingerprints were provided")
    address = asked.address.partition("://")[2] or asked.address
    session.node = session.nodes.get(address)
    session.trusted = asked.trusted
    return {}


class StartMining(Parameters, frozen=True):
    """The parameters of start_mining."""

    threads_count: U64 = 0
    do_background_mining: Annotated[bool, UNHEEDED] = False
    ignore_battery: Annotated[bool, UNHEEDED] = False


@METHODS.method(StartMining, "start_mining")
def start_mining(session: WalletSession, asked: StartMining) -> dict[str, Json]:
    """Answer start_mining."""
    wallet = session.wallet
    check_trust(session)
    if not 1 <= asked.threads_count <= _THREADS:
        raise ServiceError(-1, "The specified number of threads is inappropriate.")
    wanted = daemon_mining.StartMining(
        miner_address=encode_address(wallet.address(0, 0)),
        threads_count=asked.threads_count,
        do_background_mining=asked.do_background_mining,
        ignore_battery=asked.ignore_battery,
    )
    if session.node is None or daemon_mining.start_mining(session.daemon(), wanted)["status"] != "OK":
        raise ServiceError(-1, "Couldn't start mining due to unknown error.")
    return {}


@METHODS.method(Parameters, "stop_mining")
def stop_mining(session: WalletSession, asked: Parameters) -> dict[str, Json]:
    """Answer stop_mining."""
    session.require_wallet()
    if session.node is None or daemon_mining.stop_mining(session.daemon(), asked)["status"] != "OK":
        raise ServiceError(-1, "Couldn't stop mining due to unknown error.")
    return {}


def check_trust(session: WalletSession) -> None:
    """Raise an error unless the daemon is trusted."""
    if not session.trusted:
        raise ServiceError(-1, "This command requires a trusted daemon.")


@METHODS.method(Parameters, "is_multisig")
def is_multisig(session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer is_multisig."""
    session.require_wallet()
    return {"multisig": False, "ready": False, "threshold": 0, "total": 0}


class SetLogLevel(Parameters, frozen=True):
    """The parameters of set_log_level."""

    level: Annotated[I8, UNHEEDED] = 0


@METHODS.method(SetLogLevel, "set_log_level")
def set_log_level(_session: WalletSession, asked: SetLogLevel) -> dict[str, Json]:
    """Answer set_log_level; the model writes no log of its own."""
    if not 0 <= asked.level <= _MOST_VERBOSE:
        raise ServiceError(-44, "Error: log level not valid")
    return {}


@METHODS.method(Parameters, "stop_wallet")
def stop_wallet(session: WalletSession, _asked: Parameters) -> dict[str, Json]:
    """Answer stop_wallet."""
    session.require_wallet()
    session.stopped = True
    return {}
