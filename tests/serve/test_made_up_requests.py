"""Whatever a client sends, the server answers what its description says, and never with an error of its own.

A hundred requests are made up here, or as many as MONEROSIM_REQUESTS says (``MONEROSIM_REQUESTS=2000``).
"""

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance
from serving import ALL, AUTHORISED, asking
from small_runs import NETWORK, play

from monerosim.serve.app import OPERATIONS

REQUESTS = int(os.environ.get("MONEROSIM_REQUESTS", "100"))
CHECKS = list(HealthCheck)
EACH = max(1, REQUESTS // len(OPERATIONS))
SLOW = {"/api/check", "/api/runs", "/api/report"}
"""They start a process or draw a page: a tenth of the requests are for these."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs")
    play(NETWORK, directory / "one")
    with asking(directory, ALL) as asked:
        yield schemathesis.openapi.from_url(f"{asked.address}/openapi.json")


@pytest.mark.timeout(1800)
def test_no_request_is_answered_with_a_server_error(schema):
    for found in schema.get_all_operations():
        operation = found.ok()

        most = max(1, EACH // 10) if operation.path in SLOW else EACH

        @settings(max_examples=most, deadline=None, derandomize=True, database=None, suppress_health_check=CHECKS)
        @given(case=operation.as_strategy())
        def ask(case):
            case.call_and_validate(headers=AUTHORISED, checks=[not_a_server_error, response_schema_conformance])

        ask()
