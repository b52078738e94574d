"""A Monero network for tests of other software: nodes, wallets with coins, and verbs that make things happen to it.

The nodes and wallets answer the RPC of monerod and monero-wallet-rpc over HTTP on loopback, so the program under test
talks to them unchanged. They are modelled, and there in a fraction of a second, or Monero's own programs on regtest.

    from monerosim.testing import ModelledMonero

    with ModelledMonero() as monero:
        alice, shop = monero.wallets
        txid = alice.pay(shop, "1 XMR")
        monero.mine(10)
        monero.reorg(11)

For pytest there is the fixture ``monero`` (:mod:`monerosim.testing.plugin`).
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monerosim.testing.modelled import ModelledMonero as ModelledMonero
    from monerosim.testing.monero import (
        Monero as Monero,
        NotPossibleError as NotPossibleError,
        TestingError as TestingError,
    )
    from monerosim.testing.regtest import RegtestMonero as RegtestMonero
    from monerosim.testing.services import Node as Node, Wallet as Wallet
else:
    # Imported inside: pytest loads the plugin in this package wherever monerosim is installed.
    def __getattr__(name: str) -> object:
        """Import a public name when it is first used."""
        from monerosim.lazy import import_name  # noqa: PLC0415

        return import_name(__name__, name)

    def __dir__() -> list[str]:
        """Return the public names."""
        from monerosim.lazy import public_names  # noqa: PLC0415

        return sorted({*globals(), *public_names(__name__)})
