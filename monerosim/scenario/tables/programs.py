"""The programs that engines with real programs start, and options for Shadow."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from monerosim import config
from monerosim.scenario.tables.table import Options, Table

_PROGRAM = r"^[^\x00-\x1f]+$"

_PROGRAM_FORM = config.form("a name on PATH or a file, without control characters")

Program: TypeAlias = Annotated[str, Meta(pattern=_PROGRAM, extra=_PROGRAM_FORM)]
"""A program."""


class Shadow(Table, frozen=True):
    """Options for the engine shadow; those of Shadow in its own names.

    They are in https://shadow.github.io/docs/guide/shadow_config_spec.html.
    """

    compat: Annotated[
        Literal["auto", "off"],
        Meta(description="Whether monerod and monero-wallet-rpc get the library that answers what Shadow refuses."),
    ] = "auto"
    proof_of_work: Annotated[
        Literal["auto", "real"],
        Meta(description="auto: monerod is spared RandomX's hash at difficulty 1, where any hash is proof enough."),
    ] = "auto"
    general: Annotated[Options, Meta(description="Added to the section general of shadow.yaml.")] = msgspec.field(
        default_factory=dict
    )
    experimental: Annotated[Options, Meta(description="Added to the section experimental of shadow.yaml.")] = (
        msgspec.field(default_factory=dict)
    )
    network: Annotated[
        Options, Meta(description="Added to the section network of shadow.yaml; the graph is the topology.")
    ] = msgspec.field(default_factory=dict)
    host_option_defaults: Annotated[
        Options, Meta(description="The section host_option_defaults of shadow.yaml: options of all hosts.")
    ] = msgspec.field(default_factory=dict)
    host_options: Annotated[
        dict[str, Options], Meta(description="Options of a participant's hosts, by its name in the scenario.")
    ] = msgspec.field(default_factory=dict)


class Binaries(Table, frozen=True):
    """The programs of Monero, for all participants that name none of their own, and flags for all."""

    monerod: Annotated[
        Program, Meta(description="A name on PATH, or a file; relative paths start at the scenario's.")
    ] = "monerod"
    wallet: Annotated[Program, Meta(description="The monero-wallet-rpc: a name on PATH, or a file.")] = (
        "monero-wallet-rpc"
    )
    monerod_flags: Annotated[
        tuple[str, ...],
        Meta(description="Further flags of every monerod; a participant's own come first. Real engines only."),
    ] = ()
    wallet_flags: Annotated[
        tuple[str, ...],
        Meta(description="Further flags of every monero-wallet-rpc, likewise."),
    ] = ()
