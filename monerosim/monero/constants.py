"""Constants of Monero's protocol and wallet that several packages use (src/cryptonote_config.h)."""

COINBASE_UNLOCK = 60
"""Blocks until a coinbase output can be spent (``CRYPTONOTE_MINED_MONEY_UNLOCK_WINDOW``)."""

SPENDABLE_AGE = 10
"""Blocks until any other output can be spent (``CRYPTONOTE_DEFAULT_TX_SPENDABLE_AGE``)."""
