"""``closed_door.py ADDRESS PORT``: end every connection to a port at once, in place of a program that is away.

Shadow drops what is sent to a port where nobody listens, as if the machine were switched off; Linux refuses it. A
wallet whose daemon does not even refuse waits for three and a half minutes with every request (``rpc_timeout`` in
Monero's src/wallet/wallet2.h), and neither answers nor ends meanwhile.
"""

import socket
import sys
import time

_INTERVAL = 0.01
"""Seconds between two attempts to have the port, while the program that had it ends."""


def main() -> None:
    """Accept connections and close them, until killed."""
    door = _bound((sys.argv[1], int(sys.argv[2])))
    while True:
        door.accept()[0].close()


def _bound(address: tuple[str, int]) -> socket.socket:
    while True:
        try:
            return socket.create_server(address, backlog=1000)
        except OSError:
            time.sleep(_INTERVAL)


if __name__ == "__main__":
    main()
