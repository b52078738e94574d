"""The IPv4 addresses of hosts."""

from ipaddress import IPv4Address

_FIRST = int(IPv4Address("11.0.0.0"))
_USABLE = 254
_MOST = 2**16 * _USABLE


def addresses(count: int) -> list[str]:
    """Return ``count`` addresses of 11.0.0.0/8 in order, from 11.0.0.1 on.

    None ends in .0 or .255; Shadow assigns from the same range the same way.

    Raises:
        ValueError: The range has fewer addresses (16,646,144).
    """
    if not 0 <= count <= _MOST:
        raise ValueError(f"there are addresses for at most {_MOST} hosts, got {count}")
    return [str(IPv4Address(_FIRST + index // _USABLE * 256 + index % _USABLE + 1)) for index in range(count)]
