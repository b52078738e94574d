"""Standing facts that hosts publish for each other: JSON documents, each replaced whole by its one writer."""

import os
import re
from pathlib import Path
from typing import Protocol

import msgspec

from monerosim.rpc.transport import Json

MAX_DOCUMENT = 16 * 1024 * 1024
"""Bytes a document may have."""

_FOLDER = re.compile(r"[a-z0-9_-]+")
_NAME = re.compile(r"(?:[a-z0-9_-]+/)?[a-z0-9_-]+\.json")


class SharedStateError(Exception):
    """A document cannot be read or written."""


class SharedState(Protocol):
    """The documents; names are ``miners.json`` or ``mining_pools/pool-alpha.json``."""

    def read(self, name: str) -> Json:
        """Read a document; None if there is none.

        Raises:
            SharedStateError: The name is not allowed, or the document is damaged.
        """

    def replace(self, name: str, document: Json) -> None:
        """Write a document whole.

        Raises:
            SharedStateError: The name is not allowed, or the document too large.
        """

    def names(self, folder: str) -> list[str]:
        """List the documents of a folder in the order of their names.

        Raises:
            SharedStateError: The folder's name is not allowed.
        """


class MemoryState:
    """Shared state within one process. Documents are kept as bytes, so nobody can change another's."""

    def __init__(self) -> None:
        self._documents: dict[str, bytes] = {}

    def read(self, name: str) -> Json:
        """Read a document; None if there is none."""
        data = self._documents.get(_checked(name))
        return None if data is None else _decode(name, data)

    def replace(self, name: str, document: Json) -> None:
        """Write a document whole."""
        self._documents[_checked(name)] = _encode(name, document)

    def names(self, folder: str) -> list[str]:
        """List the documents of a folder in the order of their names."""
        _check_folder(folder)
        return sorted(name for name in self._documents if name.startswith(f"{folder}/"))

    def save(self, directory: Path) -> None:
        """Write all documents below a directory."""
        files = DiskState(directory)
        for name, data in self._documents.items():
            files.write(name, data)


class DiskState:
    """Shared state in a directory, replaced atomically.

    Args:
        directory: Where the documents are.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> Json:
        """Read a document; None if there is none."""
        path = self._directory / _checked(name)
        try:
            with path.open("rb") as file:
                data = file.read(MAX_DOCUMENT + 1)
        except FileNotFoundError:
            return None
        if len(data) > MAX_DOCUMENT:
            raise SharedStateError(f"{name} is larger than {MAX_DOCUMENT} bytes")
        return _decode(name, data)

    def replace(self, name: str, document: Json) -> None:
        """Write a document whole."""
        self.write(_checked(name), _encode(name, document))

    def names(self, folder: str) -> list[str]:
        """List the documents of a folder in the order of their names."""
        _check_folder(folder)
        return sorted(f"{folder}/{path.name}" for path in (self._directory / folder).glob("*.json"))

    def write(self, name: str, data: bytes) -> None:
        """Replace a document's bytes: written beside it and renamed, so a reader sees the old one or the new one."""
        path = self._directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_bytes(data)
        fresh.replace(path)


def _check_folder(folder: str) -> None:
    if not _FOLDER.fullmatch(folder):
        raise SharedStateError(f"{folder!r} is no folder's name")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise SharedStateError(f"{name!r} is no document's name")
    return name


def _encode(name: str, document: Json) -> bytes:
    data = msgspec.json.encode(document, order="deterministic")
    if len(data) > MAX_DOCUMENT:
        raise SharedStateError(f"{name} is larger than {MAX_DOCUMENT} bytes")
    return data


def _decode(name: str, data: bytes) -> Json:
    try:
        document: Json = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise SharedStateError(f"{name} is damaged: {error}") from error
    return document
