"""``monerosim model``: a network of modelled daemons and wallets over HTTP, for other people's programs."""

import json
import signal
import threading
from itertools import count
from typing import Literal, NoReturn

import click
from click.core import ParameterSource

from monerosim.testing import ModelledMonero, Monero, RegtestMonero, TestingError
from monerosim.testing.modelled import Ports
from monerosim.testing.monero import MOST_SERVICES
from monerosim.units import parse_duration

_LARGEST_PORT = 65_535

_NODE_PORT, _ZMQ_PORT, _BETWEEN_NODES = 18_081, 18_083, 100
_WALLET_PORT = 18_088

_MODEL_OPTIONS = {"seed": "--seed", "clock": "--clock", "block_time": "--block-time", "ports": "--port-base"}
"""Options that real programs cannot follow, by the name of their parameter."""

_LONGEST_WAIT = 1.0
"""Seconds after which to look again when the next block is due: the control RPC may have moved the clock."""


def _free(_kind: str, _number: int) -> int:
    return 0


def _monero(kind: str, number: int) -> int:
    """Return monerod's own ports for the first node, and those that wallets' documentation uses."""
    if kind == "control":
        return 0
    if kind == "wallet":
        return _WALLET_PORT + number
    return (_NODE_PORT if kind == "node" else _ZMQ_PORT) + _BETWEEN_NODES * number


def _consecutive(first: int) -> Ports:
    following = count(first)
    return lambda _kind, _number: next(following)


def _ports(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Ports:
    if value is None:
        return _free
    if value == "monero":
        return _monero
    if not (value.isascii() and value.isdecimal() and 0 < int(value) <= _LARGEST_PORT - 3 * MOST_SERVICES):
        raise click.BadParameter(
            f'expected a port up to {_LARGEST_PORT - 3 * MOST_SERVICES} or "monero", got {value!r}'
        )
    return _consecutive(int(value))


def _duration(_context: click.Context, _parameter: click.Parameter, value: str) -> str | None:
    try:
        return value if parse_duration(value) else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("model")
@click.option(
    "--nodes", type=click.IntRange(1, MOST_SERVICES), default=1, show_default=True, help="How many, all connected."
)
@click.option("--wallets", type=click.IntRange(0, MOST_SERVICES), default=2, show_default=True, help="How many.")
@click.option("--funded", default="100 XMR", show_default=True, help="What each wallet can spend at the start.")
@click.option("--seed", type=int, default=1, show_default=True, help="Keys and hashes follow from it.")
@click.option(
    "--clock",
    type=click.Choice(["real", "virtual"]),
    default="real",
    show_default=True,
    help="real: time passes as everywhere. virtual: it stands still until --control moves it.",
)
@click.option(
    "--block-time", default="120s", show_default=True, callback=_duration, help='Time between blocks; "0s" for none.'
)
@click.option(
    "--port-base",
    "ports",
    metavar="PORT|monero",
    callback=_ports,
    help="Consecutive ports from PORT on: ZMQ, nodes, wallets, control. monero: 18081, 18181, ... for nodes, 18083, "
    "18183, ... for ZMQ, 18088, 18089, ... for wallets. Free ports if left out.",
)
@click.option("--regtest", is_flag=True, help="Monero's own programs on regtest instead of modelled ones.")
@click.option("--control", is_flag=True, help="Serve mine, reorg, advance, drop and lag as a JSON-RPC, too.")
@click.option("--zmq-pub", "zmq", is_flag=True, help="Nodes publish blocks and transactions by ZMQ, as monerod does.")
@click.pass_context
def model(
    context: click.Context,
    nodes: int,
    wallets: int,
    funded: str,
    seed: int,
    clock: Literal["real", "virtual"],
    block_time: str | None,
    ports: Ports,
    regtest: bool,
    control: bool,
    zmq: bool,
) -> None:
    """Serve modelled nodes and wallets on loopback, for other programs under development.

    They speak the RPC of monerod and monero-wallet-rpc. One line of JSON says where they are, when all of them answer;
    Ctrl-C ends them. docs/testing.md shows how to test a program with them.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        if regtest:
            _refuse_model_options(context)
            with RegtestMonero(nodes=nodes, wallets=wallets, funded=funded, zmq=zmq, control=control) as real:
                _tell(real)
                threading.Event().wait()
        with ModelledMonero(
            nodes=nodes,
            wallets=wallets,
            funded=funded,
            seed=seed,
            clock=clock,
            block_time=block_time,
            ports=ports,
            zmq=zmq,
            control=control,
        ) as modelled:
            _tell(modelled)
            while True:
                threading.Event().wait(min(modelled.tick(), _LONGEST_WAIT))
    except KeyboardInterrupt:
        return
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--funded") from error
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error.strerror}") from error
    except TestingError as error:
        raise click.ClickException(str(error)) from error


def _refuse_model_options(context: click.Context) -> None:
    """Refuse options that real programs cannot follow, rather than leave them without effect."""
    for name, option in _MODEL_OPTIONS.items():
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"{option} is for modelled nodes, not for --regtest")


def _tell(monero: Monero) -> None:
    click.echo(json.dumps(monero.describe()))


def _interrupt(_number: int, _frame: object) -> NoReturn:
    # An exception gets through to the main thread even while another one holds the lock it waits for.
    raise KeyboardInterrupt
