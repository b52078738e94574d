"""Python's garbage collector while much is made of which hardly anything is garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARELY = (500_000, 20, 100)
"""The collector's thresholds: it looks at all of a run far less often than by Python's own, and at what is new once it
is half a million objects, which is a few dozen megabytes at most."""


@contextmanager
def rare_collection() -> Iterator[None]:
    """Have garbage collected rarely, within a block or in a function that this decorates."""
    usual = gc.get_threshold()
    gc.set_threshold(*_RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
