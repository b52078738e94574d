"""One JSON-RPC client for both services, over any transport."""

from collections.abc import Callable
from itertools import count
from typing import Protocol, TypeVar

import msgspec
import tenacity

from monerosim.rpc.errors import RpcCallError, RpcError, RpcProtocolError, RpcUnavailableError
from monerosim.rpc.transport import Json, Transport

T = TypeVar("T")

CALL_TIMEOUT = 60.0
"""Seconds that an ordinary call may take."""


_BUSY = "BUSY"
"""The status with which monerod refuses calls until it is synchronised (``CORE_RPC_STATUS_BUSY``,
src/rpc/core_rpc_server_commands_defs.h)."""


class ServiceNeverUpError(RpcError):
    """A service did not answer within its start-up timeout."""


class Clock(Protocol):
    """The clock that retries wait on; times are in seconds."""

    def now(self) -> float:
        """Return the time."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class RpcClient:
    """Calls the methods of one service and checks the types of the answers.

    Args:
        transport: The connection to the service.
        clock: The runtime's clock, to wait between attempts.
        repeats: Whether a call that nothing answered is made again, four times in four seconds.
        is_over: Returns whether nobody waits any more for a service that is not up.
    """

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        *,
        repeats: bool = True,
        is_over: Callable[[], bool] = lambda: False,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._repeats = repeats
        self._is_over = is_over
        self._numbers = count(1)
        self._starting = False

    @property
    def address(self) -> str:
        """The service's address, for messages."""
        return self._transport.address

    def call(
        self,
        method: str,
        params: dict[str, Json] | list[Json],
        kind: type[T],
        *,
        timeout: float = CALL_TIMEOUT,
        repeat: bool = True,
    ) -> T:
        """Call a JSON-RPC method.

        Args:
            method: Its name.
            params: Its parameters (a list for ``on_get_block_hash``).
            kind: The type of the result.
            timeout: Seconds to wait for the answer.
            repeat: The call may be made again when its outcome is in doubt.

        Raises:
            RpcCallError: The service refused.
            RpcUnavailableError: Nothing answers.
            RpcDoubtfulError: The call may have been carried out.
        """

        def once() -> T:
            body: dict[str, Json] = {
                "jsonrpc": "2.0",
                "id": str(next(self._numbers)),
                "method": method,
                "params": params,
            }
            return self._result(method, self._transport.post("/json_rpc", body, timeout), kind)

        return self._retried(once) if repeat else once()

    def post(self, path: str, body: dict[str, Json], kind: type[T], *, timeout: float = CALL_TIMEOUT) -> T:
        """Call one of monerod's endpoints outside JSON-RPC, such as ``/get_transaction_pool``.

        Raises:
            RpcError: As with :meth:`call`.
        """
        return self._retried(lambda: _convert(path, self._transport.post(path, body, timeout), kind))

    def wait_until_up(
        self, probe: Callable[[], T], *, name: str, timeout: float, interval: float = 1.0
    ) -> tuple[T, int]:
        """Call ``probe`` until the service answers.

        Args:
            probe: A cheap call.
            name: The service, for the error.
            timeout: Seconds until giving up.
            interval: Seconds between attempts.

        Returns:
            The probe's result and the number of attempts.

        Raises:
            ServiceNeverUpError: No answer in time; the message names host, service, address and last error.
        """
        # Tenacity's own stop_after_delay would read the machine's clock.
        end = self._clock.now() + timeout - interval
        retrying = tenacity.Retrying(
            sleep=self._clock.sleep,
            wait=tenacity.wait_fixed(interval),
            stop=lambda _: self._clock.now() >= end or self._is_over(),
            retry=tenacity.retry_if_exception_type(RpcError),
        )
        self._starting = True  # the probe itself must not retry
        try:
            result = retrying(probe)
        except tenacity.RetryError as error:
            cause = error.last_attempt.exception()
            when = "until the run's end" if self._is_over() else f"within {timeout:g} s"
            raise ServiceNeverUpError(f"{name} at {self.address} did not answer {when}: {cause}") from cause
        finally:
            self._starting = False
        return result, int(retrying.statistics["attempt_number"])

    def _retried(self, once: Callable[[], T]) -> T:
        """Make a call that may be repeated, without setting up retries unless the first attempt fails."""
        try:
            return once()
        except RpcCallError:
            raise
        except RpcError:
            if self._starting or not self._repeats:
                raise
            retrying = tenacity.Retrying(
                sleep=self._clock.sleep,
                wait=tenacity.wait_exponential(multiplier=0.5, max=5),
                stop=tenacity.stop_after_attempt(4),
                retry=tenacity.retry_if_exception_type(RpcError) & tenacity.retry_if_not_exception_type(RpcCallError),
                reraise=True,
            )
            self._clock.sleep(0.5)
            return retrying(once)

    @staticmethod
    def _result(method: str, answer: Json, kind: type[T]) -> T:
        if not isinstance(answer, dict):
            raise RpcProtocolError(f"{method}: the answer is not a JSON object")
        error = answer.get("error")
        if isinstance(error, dict):
            code, message = error.get("code"), error.get("message")
            if isinstance(code, int) and isinstance(message, str):
                raise RpcCallError(code, message)
            raise RpcProtocolError(f"{method}: the error has no code and message")
        if "result" not in answer:
            raise RpcProtocolError(f"{method}: the answer has neither result nor error")
        return _convert(method, answer["result"], kind)


def _convert(method: str, value: Json, kind: type[T]) -> T:
    if isinstance(value, dict) and value.get("status") == _BUSY:
        raise RpcUnavailableError(f"{method}: the daemon has not caught up with its peers yet")
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise RpcProtocolError(f"{method}: {error}") from error
