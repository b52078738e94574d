"""Standing facts that hosts publish for each other: JSON documents, each replaced whole by its one writer."""

import re
from bisect import insort
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar, cast

import msgspec

from monerosim.files import read_regular, replace_file
from monerosim.rpc.transport import Json

T = TypeVar("T")

MAX_DOCUMENT = 16 * 1024 * 1024
"""The largest document, in bytes."""

_FOLDER = re.compile(r"[a-z0-9_-]+")
_NAME = re.compile(r"(?:[a-z0-9_-]+/)?[a-z0-9_-]+\.json")


class SharedStateError(Exception):
    """A document cannot be read or written."""


class SharedState(Protocol):
    """The documents; names are ``miners.json`` or ``mining_pools/pool-alpha.json``."""

    def read(self, name: str) -> Json:
        """Read a document; None if it does not exist.

        Raises:
            SharedStateError: The name is not allowed, or the document is damaged or cannot be read.
        """

    def read_as(self, name: str, kind: type[T]) -> T | None:
        """Read a document as an immutable structure; readers may share one instance.

        Raises:
            SharedStateError: As with :meth:`read`, or the document does not fit the structure.
        """

    def replace(self, name: str, document: Json) -> None:
        """Replace a document.

        Raises:
            SharedStateError: The name is not allowed, or the document is too large.
        """

    def names(self, folder: str) -> list[str]:
        """Return the names of a folder's documents, in order.

        Raises:
            SharedStateError: The folder's name is not allowed.
        """


class MemoryState:
    """Shared state within one process. Documents are kept as bytes, so readers cannot change them."""

    def __init__(self) -> None:
        self._documents: dict[str, bytes] = {}
        self._folders: defaultdict[str, list[str]] = defaultdict(list)
        # A thousand readers of one document read it once.
        self._structures: defaultdict[str, dict[type, object]] = defaultdict(dict)

    def read(self, name: str) -> Json:
        """Read a document; None if it does not exist."""
        data = self._documents.get(_checked(name))
        return None if data is None else _decode(name, data)

    def read_as(self, name: str, kind: type[T]) -> T | None:
        """Read a document as an immutable structure; all readers share one instance."""
        data = self._documents.get(_checked(name))
        if data is None:
            return None
        known = self._structures[name]
        if kind not in known:
            known[kind] = _decode_as(name, data, kind)
        return cast("T", known[kind])

    def replace(self, name: str, document: Json) -> None:
        """Replace a document."""
        data = _encode(_checked(name), document)
        if name not in self._documents and "/" in name:
            insort(self._folders[name.partition("/")[0]], name)
        self._documents[name] = data
        self._structures.pop(name, None)

    def names(self, folder: str) -> list[str]:
        """Return the names of a folder's documents, in order."""
        _check_folder(folder)
        return list(self._folders.get(folder, ()))

    def save(self, directory: Path) -> None:
        """Write all documents below a directory."""
        files = DiskState(directory)
        for name, data in self._documents.items():
            files.write(name, data)


class DiskState:
    """Shared state in a directory, replaced atomically.

    Args:
        directory: The directory of the documents; it has to exist.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> Json:
        """Read a document; None if it does not exist."""
        data = self._bytes(name)
        return None if data is None else _decode(name, data)

    def read_as(self, name: str, kind: type[T]) -> T | None:
        """Read a document as an immutable structure."""
        data = self._bytes(name)
        return None if data is None else _decode_as(name, data, kind)

    def replace(self, name: str, document: Json) -> None:
        """Replace a document."""
        self.write(_checked(name), _encode(name, document))

    def names(self, folder: str) -> list[str]:
        """Return the names of a folder's documents, in order."""
        _check_folder(folder)
        return sorted(f"{folder}/{path.name}" for path in (self._directory / folder).glob("*.json"))

    def write(self, name: str, data: bytes) -> None:
        """Replace a file's bytes: written beside it and renamed, so a reader sees either the old or the new content."""
        path = self._directory / name
        # One system call, whether the folder exists or not: on Shadow it is chance which of several hosts creates it.
        with suppress(FileExistsError):
            path.parent.mkdir()
        replace_file(path, data)

    def _bytes(self, name: str) -> bytes | None:
        path = self._directory / _checked(name)
        try:
            data = read_regular(path, MAX_DOCUMENT + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SharedStateError(f"{name} cannot be read: {error.strerror}") from error
        if len(data) > MAX_DOCUMENT:
            raise SharedStateError(f"{name} is larger than {MAX_DOCUMENT} bytes")
        return data


def _check_folder(folder: str) -> None:
    if not _FOLDER.fullmatch(folder):
        raise SharedStateError(f"{folder!r} is not a valid folder name")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise SharedStateError(f"{name!r} is not a valid document name")
    return name


def _encode(name: str, document: Json) -> bytes:
    data = msgspec.json.encode(document, order="deterministic")
    if len(data) > MAX_DOCUMENT:
        raise SharedStateError(f"{name} is larger than {MAX_DOCUMENT} bytes")
    return data


def _decode(name: str, data: bytes) -> Json:
    document: Json = _decode_as(name, data, object)  # type: ignore[assignment]  # what JSON decodes to
    return document


def _decode_as(name: str, data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (ValueError, RecursionError) as error:
        raise SharedStateError(f"{name} is damaged: {error}") from error
