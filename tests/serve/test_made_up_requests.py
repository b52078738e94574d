"""Whatever a client sends, the server answers what its description says, and never with an error of its own.

A hundred requests are made up here, no two the same, or as many as MONEROSIM_REQUESTS says
(``MONEROSIM_REQUESTS=2000 pytest -s`` prints how many there were of each kind).
"""

import os
import sys

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance
from serving import ALL, AUTHORISED, asking
from small_runs import NETWORK, play

from monerosim.serve.app import OPERATIONS

REQUESTS = int(os.environ.get("MONEROSIM_REQUESTS", "100"))
CHECKS = list(HealthCheck)
EACH = max(1, REQUESTS // len(OPERATIONS))
ROUNDS = 10
ANSWERED = 300
"""Seconds that an answer may take, on a busy machine too."""
SLOW = {"/api/check", "/api/runs", "/api/report"}
"""They start a process or draw a page: a tenth of the requests are for these."""


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    directory = tmp_path_factory.mktemp("runs")
    play(NETWORK, directory / "one")
    with asking(directory, ALL) as asked:
        yield schemathesis.openapi.from_url(f"{asked.address}/openapi.json")


class Asked:
    """Sends requests of all kinds that are made up from seeds, until there were so many."""

    def __init__(self, operations):
        self.operations = operations
        self.sent = {f"{it.method.upper()} {it.path}": set() for it in operations}

    def count(self):
        return sum(map(len, self.sent.values()))

    def round(self, number):
        for operation in self.operations:
            if number == 0 or self.count() < REQUESTS:
                self.ask(operation, number)

    def ask(self, operation, number):
        most = max(1, EACH // 10) if operation.path in SLOW else EACH
        sent = self.sent[f"{operation.method.upper()} {operation.path}"]

        @seed(number)
        @settings(max_examples=most, deadline=None, database=None, suppress_health_check=CHECKS)
        @given(case=operation.as_strategy())
        def ask(case):
            answer = case.call_and_validate(
                headers=AUTHORISED, checks=[not_a_server_error, response_schema_conformance], timeout=ANSWERED
            )
            sent.add((answer.request.url, answer.request.body))

        ask()


@pytest.mark.timeout(1800)
def test_no_request_is_answered_with_a_server_error(schema):
    asked = Asked([found.ok() for found in schema.get_all_operations()])
    # Those without parameters are all the same: other rounds draw more of those that are not.
    for number in range(ROUNDS):
        asked.round(number)
    counts = {name: len(sent) for name, sent in asked.sent.items()} | {"different requests": asked.count()}
    sys.stdout.writelines(f"{count:>6} {name}\n" for name, count in counts.items())
    assert asked.count() >= REQUESTS
