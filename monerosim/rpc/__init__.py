"""Typed RPC clients of monerod and monero-wallet-rpc."""
