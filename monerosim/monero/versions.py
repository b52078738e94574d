"""Versions of monerod."""


def parse_version(text: str) -> tuple[int, ...]:
    """Read a version of monerod, such as 0.18.0.0; an empty one is none."""
    return tuple(int(part) for part in text.split(".") if part)
