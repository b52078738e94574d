"""Being told of files that are moved into a folder, on Linux."""

import sys
import threading
from collections.abc import Callable
from pathlib import Path


def watch_folder(folder: Path, moved_in: Callable[[], object]) -> bool:
    """Call a function from a thread of its own whenever files have been moved into a folder, and once at the beginning.

    Returns:
        Whether the folder is watched; False where the system cannot, or has no watches left.
    """
    if sys.platform != "linux":
        return False
    # Agents under Shadow do without it.
    from inotify_simple import INotify, flags  # type: ignore[import-untyped]  # noqa: PLC0415

    try:
        notify = INotify()
        notify.add_watch(folder, flags.MOVED_TO)
    except OSError:
        return False

    def watch() -> None:
        while True:
            moved_in()
            list(notify.read())

    threading.Thread(target=watch, name=f"watches {folder}", daemon=True).start()
    return True
