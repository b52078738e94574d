"""Facts of Monero, each with the source file it is from."""
