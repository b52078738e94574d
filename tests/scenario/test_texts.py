"""What people write and how they are answered: units, names, another format, a misspelt behaviour."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monerosim.cli import main
from monerosim.scenario import ScenarioError, examine
from monerosim.units import parse_bandwidth

BANDWIDTHS = {
    "977 Kibit": 977 * 1024,
    "5 Mbits": 5_000_000,
    "81920 kilobit": 81_920_000,
    "10 Gbps": 10**10,
    "100 MBIT/S": 10**8,
    "2 gibibits": 2 * 2**30,
    "1 terabit": 10**12,
    "3 bit": 3,
}


@pytest.mark.parametrize(("text", "bits"), BANDWIDTHS.items(), ids=BANDWIDTHS)
def test_bandwidths_in_other_words(text: str, bits: int) -> None:
    assert parse_bandwidth(text) == bits


@pytest.mark.parametrize("text", ["5 MBps", "5 MB", "5 M", "5", "Mbit", "5 bauds", "-5 Mbit"])
def test_what_may_be_bytes_or_no_bandwidth_is_told_the_units(text: str) -> None:
    with pytest.raises(ValueError, match="units: bit, kbit, Mbit"):
        parse_bandwidth(text)


NAMES = {
    "user 1": "user-1",
    "AS_12": "as-12",
    "M\N{LATIN SMALL LETTER U WITH DIAERESIS}ller": "muller",
    "gro\N{LATIN SMALL LETTER SHARP S}": "gross",
    "J\N{LATIN SMALL LETTER O WITH STROKE}rgen": "jorgen",
    "Pool": "pool-2",
    "user 001": "user-001-2",
    "3pools": "pools",
}


@pytest.mark.parametrize(("name", "suggested"), NAMES.items(), ids=NAMES)
def test_a_suggested_name_keeps_the_letters_and_is_nobody_elses(name: str, suggested: str) -> None:
    others = "[participants.user]\ncount = 2\nnode = {}\n[participants.pool]\nnode = {}\n"
    text = f'{others}[participants."{name}"]\nnode = {{}}\n'
    (problem,) = examine(text.encode()).errors
    assert problem.hint.endswith(f'such as "{suggested}"')


YAML = [
    "general:\n  stop_time: 1h\n",
    "---\n# comment\nhosts: {}\n",
    "# a comment\n\nnetwork:\n  graph: x\n",
    "name: small\n",
]


@pytest.mark.parametrize("text", YAML)
def test_yaml_is_called_so(text: str) -> None:
    with pytest.raises(ScenarioError, match="YAML"):
        examine(text.encode())


@pytest.mark.parametrize("text", ["[simulation\n", "a = \n", "x = { y: 1 }\n", "name small"])
def test_broken_toml_is_not(text: str) -> None:
    with pytest.raises(ScenarioError, match="not valid TOML"):
        examine(text.encode())


def test_a_misspelt_kind_is_told_with_all_that_is_wrong_beside_it() -> None:
    text = (
        '[participants.u]\nkind = "regular-usr"\nnode = {}\nwallet = {}\ntransaction_frequncy = 1\nmin_amount = "x"\n'
    )
    found = {problem.place for problem in examine(text.encode()).errors}
    assert found == {f"participants.u.{key}" for key in ("kind", "transaction_frequncy", "min_amount")}
    text = '[participants.u]\nnode = {}\nactors = [{ use = "mining-pol", hashrat = 5 }]\n'
    found = {problem.place for problem in examine(text.encode()).errors}
    assert found == {f"participants.u.actors[0].{key}" for key in ("use", "hashrat")}


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_a_directory_that_has_been_played_is_told_before_anything_else(tmp_path: Path) -> None:
    path, run = tmp_path / "small.toml", str(tmp_path / "run")
    path.write_text('[simulation]\nduration = "1m"\n[participants.z]\nnode = {}\n')
    assert call("run", str(path), "-q", "-o", run).exit_code == 0
    again = call("run", run)
    assert again.exit_code == 1
    assert again.output.startswith(f"Error: {run} has been played already")
    twice = call("run", str(path), "-o", run)
    assert "--force (in Python force=True)" in twice.output
