"""The model and Debian's monerod and monero-wallet-rpc 0.18.0.0 answer the same calls with the same answers."""

import json
from pathlib import Path

import pytest
from record_rpc import PAYMENT, comparable

from monerosim.rpc.transport import Json

RECORDED: dict[str, Json] = json.loads((Path(__file__).parent / "recorded.json").read_text(encoding="utf-8"))
"""What the real services answered: ``tools/record_rpc.py --comparable``."""

Answers = dict[str, Json]

# All calls are made before the first test, to real programs for three minutes; other real programs run beside them.
pytestmark = pytest.mark.timeout(2400)


def result(answers: Answers, label: str) -> dict[str, Json]:
    answer = answers[label]
    assert isinstance(answer, dict)
    found = answer["result"]
    assert isinstance(found, dict)
    return found


def error(answers: Answers, label: str) -> tuple[Json, Json]:
    answer = answers[label]
    assert isinstance(answer, dict)
    found = answer["error"]
    assert isinstance(found, dict)
    return found["code"], found["message"]


def test_the_same_calls_are_played(answers: Answers) -> None:
    assert sorted(answers) == sorted(RECORDED)


@pytest.mark.parametrize("label", sorted(RECORDED))
def test_answers_as_recorded(answers: Answers, label: str) -> None:
    assert comparable(answers[label]) == RECORDED[label]


def test_coinbase_unlocks_after_60_blocks(answers: Answers) -> None:
    assert result(answers, "miner get_balance at 60")["unlocked_balance"] == 0
    assert result(answers, "miner get_balance at 61")["unlocked_balance"] == 35_184_338_534_400


def test_payments_unlock_after_10_blocks(answers: Answers) -> None:
    assert result(answers, "user get_balance after 9")["unlocked_balance"] == 0
    assert result(answers, "user get_balance after 10")["unlocked_balance"] == PAYMENT


def test_a_ring_takes_16_unlocked_outputs(answers: Answers) -> None:
    assert error(answers, "miner transfer at 75") == (-19, "not enough outputs to use Please use sweep_dust.")
    assert result(answers, "miner transfer at 76")["amount"] == PAYMENT


def test_a_rival_is_a_double_spend(answers: Answers) -> None:
    refused = answers["daemon send_raw_transaction rival"]
    assert isinstance(refused, dict)
    assert (refused["status"], refused["double_spend"]) == ("Failed", True)


def test_the_longer_branch_wins(answers: Answers) -> None:
    aside = result(answers, "daemon get_alternate_chains forked")["chains"]
    assert isinstance(aside, list)
    assert len(aside) == 1
    assert result(answers, "daemon get_info reorganised")["top_block_hash"] in (
        result(answers, "daemon generateblocks branch")["blocks"] or []
    )
