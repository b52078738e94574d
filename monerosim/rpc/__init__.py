"""Talking to monerod and monero-wallet-rpc."""
