"""Files of a run: replaced and appended to whole or not at all, and read only if they are regular files.

Whole means: whatever stops the writer, a full disk or a kill at any system call, as long as the machine itself keeps
running.
"""

import os
import stat
from errno import EINVAL
from pathlib import Path
from typing import BinaryIO


class NotRegularError(OSError):
    """What is to be read is no regular file: opening a pipe, for instance, would wait for a writer."""

    def __init__(self, path: Path) -> None:
        super().__init__(EINVAL, "not a regular file", str(path))


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file, or create it: whoever reads it finds the old content or the new one.

    Raises:
        OSError: It cannot be written; the old content is left.
    """
    # Agents of several hosts may write the same document, each in a process of its own. Hosts under Shadow count their
    # processes each by itself.
    fresh = path.with_name(f".{path.name}.{os.uname().nodename}.{os.getpid()}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


class AppendedFile:
    """A file of lines that grows by whole lines.

    Args:
        path: The file.
        fresh: Whether it is made anew; if not, it goes on after what is there.
    """

    def __init__(self, path: Path, *, fresh: bool) -> None:
        self._file = path.open("wb" if fresh else "ab", buffering=0)

    def append(self, lines: bytes) -> None:
        """Append lines.

        Raises:
            OSError: They cannot be written; the file is as before.
        """
        before, left = os.fstat(self._file.fileno()).st_size, memoryview(lines)
        try:
            while left:
                # On a disk that is almost full a part is written, without an error.
                left = left[self._file.write(left) or 0 :]
        except OSError:
            # What is appended later must not go on in the middle of a line.
            self._file.truncate(before)
            self._file.seek(0, os.SEEK_END)
            raise

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def append_lines(path: Path, lines: bytes) -> None:
    """Append lines to a file once.

    Raises:
        OSError: They cannot be written; the file is as before.
    """
    file = AppendedFile(path, fresh=False)
    try:
        file.append(lines)
    finally:
        file.close()


def open_regular(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        NotRegularError: It is a pipe, a device, a socket or a folder.
        OSError: It cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotRegularError(path)
    return os.fdopen(descriptor, "rb")


def read_regular(path: Path, most: int = -1) -> bytes:
    """Read a file.

    Args:
        path: The file.
        most: How many bytes are read at most; all, if negative.

    Raises:
        NotRegularError: It is a pipe, a device, a socket or a folder.
        OSError: It cannot be read.
    """
    with open_regular(path) as file:
        return file.read(most)
