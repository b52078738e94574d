"""The JSON Schema agrees with what the loader accepts."""

from pathlib import Path
from typing import Any

import pytest
import tomli
from jsonschema import Draft7Validator

from monerosim.catalogue.schema import scenario_schema
from monerosim.scenario.template import template

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    made: dict[str, Any] = scenario_schema()
    Draft7Validator.check_schema(made)
    return made


def errors(schema: dict[str, Any], text: str) -> list[str]:
    return [error.json_path for error in Draft7Validator(schema).iter_errors(tomli.loads(text))]


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").glob("*.toml")), ids=lambda path: path.stem)
def test_the_ready_scenarios_are_valid(schema: dict[str, Any], path: Path) -> None:
    assert errors(schema, path.read_text(encoding="utf-8")) == []


def test_the_template_is_valid(schema: dict[str, Any]) -> None:
    assert errors(schema, template().decode()) == []


@pytest.mark.parametrize(
    "text",
    [
        "[simulation]\nsede = 1",
        '[simulation]\nengine = "shadwo"',
        '[network]\ntopology = "rong"',
        '[network]\ntopology = { kind = "ring", ltaency = "1s" }',
        '[participants.pool]\nkind = "mining-pool"',
        '[participants.pool]\nkind = "mining-pool"\nhashrate = 0',
        '[participants.pool]\nkind = "mining-pol"\nhashrate = 1',
        '[participants.user]\nactors = [{ use = "regular-user", transaction_frequency = 2 }]',
        '[participants.user]\nactors = [{ use = "reglar-user" }]',
        "[participants.user]\nactors = [{}]",
        "[participants.User]\nnode = {}",
        "[participants.user]\nhashrate = 3",
    ],
)
def test_bad_scenarios_are_not_valid(schema: dict[str, Any], text: str) -> None:
    assert errors(schema, text)


def test_every_key_is_described_and_has_its_default(schema: dict[str, Any]) -> None:
    for name in ("Simulation", "Network", "Consensus", "Wallet"):
        for key, described in schema["definitions"][name]["properties"].items():
            assert described.get("description"), f"{name}.{key}"
    assert schema["definitions"]["Simulation"]["properties"]["duration"]["default"] == "1h"
    user = next(it for it in schema["definitions"]["Actor"]["anyOf"] if it["title"] == "regular-user")
    assert user["properties"]["min_amount"]["default"] == "0.1 XMR"
