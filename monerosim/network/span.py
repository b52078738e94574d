"""A span of public transactions on their way, followed by ``span.c`` where the machine has a C compiler.

It does what :class:`~monerosim.network.queues.Queues` does with arrays, and comes to the same, in less time.
"""

import ctypes
import os
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from monerosim.libraries import LibraryError, built
from monerosim.network.propagation import NEVER
from monerosim.network.verification import Verification
from monerosim.network.wires import Wires

Array = NDArray[np.int64] | NDArray[np.uint64] | NDArray[np.uint8] | NDArray[np.bool_]

COMPILED = "MONEROSIM_COMPILED"
"""The environment variable that, set to 0, has everything computed without a compiled library."""

PLACE_BITS = 16
"""The lower bits of what is coming, as in ``span.c``: over which of the receiver's connections. Above is the time."""

STRETCH = 32
"""How many nodes of a row are looked at only when something comes to one of them, as in ``span.c``."""

_DISTRIBUTIONS = ("fixed", "uniform", "exponential")

_QUEUES = ("coming", "public", "left", "soonest", "items", "bits", "slower")
_WIRES = ("first", "degree", "target", "back", "latency", "bandwidth", "is_open")
_FLUSHES = ("flush_at", "flush_before", "flush_offset", "flush", "node_keys")


class _Span(ctypes.Structure):
    _fields_ = (
        ("nodes", ctypes.c_int64),
        ("flush_step", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in (*_QUEUES, *_WIRES, "links", *_FLUSHES)),
        ("distribution", ctypes.c_int64),
        ("mean", ctypes.c_int64),
        ("least", ctypes.c_int64),
        ("purpose", ctypes.c_uint64),
        ("exponential", ctypes.c_void_p),
        ("recording", ctypes.c_int64),
        ("count", ctypes.c_int64),
        ("room", ctypes.c_int64),
        ("messages", ctypes.POINTER(ctypes.c_int64)),
    )


class Span:
    """The arrays that ``span.c`` reads and writes, none of which may be replaced meanwhile.

    Args:
        wires: The connections.
        verification: What a node takes to verify a transaction.
        flush_step: The microseconds that flush times are drawn in.
        arrays: Those of the queues, by their names in ``span.c``.
    """

    def __init__(self, wires: Wires, verification: Verification, *, flush_step: int, **arrays: Array) -> None:
        # They have to live as long as their addresses are known.
        self._arrays: dict[str, Array] = {
            **arrays,
            **{name: getattr(wires, name) for name in _WIRES},
            "links": wires.keys,
            "exponential": verification.quantiles(),
        }
        self._span = _Span(
            nodes=len(wires.first),
            flush_step=flush_step,
            distribution=_DISTRIBUTIONS.index(verification.distribution),
            mean=verification.mean,
            least=verification.least,
            purpose=verification.purpose,
            **{name: array.ctypes.data for name, array in self._arrays.items()},
        )
        self._address = ctypes.byref(self._span)
        library = _library()
        if library is None:
            raise RuntimeError("there is no compiled library")
        self._library = library

    def follow(self, rows: int, end: int, *, recording: bool = False) -> int:
        """Follow what comes before a time.

        Args:
            rows: How many transactions there are.
            end: Microseconds.
            recording: Whether :meth:`messages` will be asked for.

        Returns:
            When the next one comes, microseconds; NEVER if there is none.

        Raises:
            MemoryError: There is no memory for as many messages.
        """
        self._span.recording = recording
        code: int = self._library.follow(self._address, rows, end)
        if code < 0:
            raise MemoryError("there is no memory for the messages of a span")
        return NEVER if code == NEVER else code >> PLACE_BITS

    def messages(self) -> NDArray[np.int64]:
        """Return what left over the connections in the span that was followed last, if that was asked for.

        Returns:
            Row, link, when it left and how long it is on its way, microseconds; shape ``(4, messages)``.
        """
        if not self._span.count:
            return np.zeros((4, 0), dtype=np.int64)
        return np.ctypeslib.as_array(self._span.messages, (4, self._span.room))[:, : self._span.count].copy()

    def __del__(self) -> None:
        if self._span.messages:
            self._library.forget(self._address)


def is_compiled() -> bool:
    """Return whether spans can be followed by a library: there is a C compiler, and nobody turned it off."""
    return os.environ.get(COMPILED) != "0" and _library() is not None


@cache
def _library() -> ctypes.CDLL | None:
    if np.dtype(np.intp).itemsize != ctypes.sizeof(ctypes.c_int64):
        # Numpy's own indices are of another size than the library's.
        return None
    try:
        library = ctypes.CDLL(str(built("span", (resources.files("monerosim.network") / "span.c").read_bytes())))
    except (LibraryError, OSError):
        # What it computes is computed without it; `monerosim doctor` says that it is missing.
        return None
    library.follow.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64]
    library.follow.restype = ctypes.c_int64
    library.forget.argtypes = [ctypes.c_void_p]
    library.forget.restype = None
    return library
