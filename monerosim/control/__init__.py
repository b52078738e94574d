"""Control of a run while it is played: requests, answers, its state and the commands from outside that it has taken.

All of it is files in the folder ``control`` of the run directory, so whoever steers a run may be another process, on
every engine, and may be started again meanwhile.
"""

from monerosim.control.requests import (
    Answer,
    ControlError,
    Request,
    await_answer,
    is_controlled,
    open_control,
    read_answer,
    read_requests,
    write_request,
)
from monerosim.control.state import State, read_state
from monerosim.control.steering import OPERATOR, STEERING, Steering, read_steering

__all__ = [
    "OPERATOR",
    "STEERING",
    "Answer",
    "ControlError",
    "Request",
    "State",
    "Steering",
    "await_answer",
    "is_controlled",
    "open_control",
    "read_answer",
    "read_requests",
    "read_state",
    "read_steering",
    "write_request",
]
