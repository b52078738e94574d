"""Whether this machine has what each engine needs."""
