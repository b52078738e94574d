"""What an event is, and which kinds of events are known."""

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

FILE_MODULE = "monerosim_file_"
"""What the modules of scenarios' own files are called, and a hash of the code."""

_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")


class EventError(TypeError):
    """A class cannot be a kind of events."""


def hyphenated(name: str) -> str:
    """Return the words of a class's name in small letters with hyphens between them: ``block-found``."""
    return "-".join(_WORD.findall(name)).lower()


class Event(msgspec.Struct, frozen=True, tag=hyphenated, tag_field="event"):
    """Something that happened in a run. To declare a subclass is to register a kind of events.

    Its fields are of types that JSON can hold; amounts are integers of atomic units, times of microseconds. In event
    logs, letters and scenarios it is called by its tag, which follows from the name of the class::

        class PriceRaised(Event, frozen=True):
            \"\"\"A vendor asks more for an item than before.\"\"\"

            item: str
            price: int

        self.emit(PriceRaised("hat", 5))  # in an actor: {"event": "price-raised", "item": "hat", "price": 5}

    Raises:
        EventError: On declaring it: another module has declared a class of this tag.
    """

    optional: ClassVar[bool] = False
    """Whether it is recorded only where a scenario's table ``[record]`` asks for it. The digest of a run leaves such
    events out, so that it does not depend on what is recorded."""

    def __init_subclass__(cls) -> None:
        """Register the class."""
        super().__init_subclass__()
        tag = hyphenated(cls.__name__)
        if not tag:
            raise EventError(f"an event cannot be called after the class {cls.__name__}: it has no letters a to z")
        known = _kinds.get(tag)
        if known is not None and not _makes_way(known, cls):
            raise EventError(
                f"{cls.__module__}.{cls.__qualname__} cannot be called {tag!r}: "
                f"{known.__module__}.{known.__qualname__} is called so"
            )
        _kinds[tag] = cls


_kinds: dict[str, type[Event]] = {}


class UnknownEvent(Event, frozen=True):
    """An event of a kind that nothing here declares, or declares in another way than whoever recorded it."""

    tag: str
    fields: Mapping[str, object]
    """As JSON has them."""


# It stands for other kinds, and is none.
_kinds.clear()


def _makes_way(known: type[Event], new: type[Event]) -> bool:
    """Return whether a class is declared anew, or was a scenario's own and the new one is another scenario's."""
    if known.__module__ == new.__module__:
        return known.__qualname__ == new.__qualname__
    return known.__module__.startswith(FILE_MODULE) and new.__module__.startswith(FILE_MODULE)


def event_tag(kind: type[Event]) -> str:
    """Return what the events of a class are called, such as ``block-found``."""
    return str(kind.__struct_config__.tag)


def event_kinds() -> Mapping[str, type[Event]]:
    """Return the kinds of events that are known here by their tags: monerosim's own, and those of loaded plugins."""
    return dict(_kinds)


def check_event(kind: object) -> None:
    """Check that events of a class can be written and read back.

    Raises:
        EventError: They cannot; the message goes on where the name of the class ends.
    """
    if not (isinstance(kind, type) and issubclass(kind, Event)):
        raise EventError("is no Event")
    config = kind.__struct_config__
    if config.tag != hyphenated(kind.__name__) or config.tag_field != Event.__struct_config__.tag_field:
        raise EventError("has a tag of its own: an event's tag follows from its name")
    if config.array_like:
        raise EventError("is written as an array: events are objects")
    try:
        msgspec.json.Decoder(kind)
    except (TypeError, NameError) as error:
        raise EventError(f"has fields that cannot be read back: {error}") from error
