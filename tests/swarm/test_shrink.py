"""Shrinking takes away all that a fault does not need, and nothing that it does."""

import tomli

from monerosim.runtime.rng import Rng
from monerosim.scenario.toml import write_toml
from monerosim.swarm.cases import Case
from monerosim.swarm.scenarios import make_scenario
from monerosim.swarm.shrink import shrink


def case_of(document):
    return Case(seed=0, sort="valid", document=document, raw=write_toml(document).encode(), mishap="killed", size=9)


def test_what_is_needed_stays():
    document = make_scenario(Rng(8))
    document["participants"]["zulu"] = {"kind": "regular-user", "count": 4, "wallet": {"initial_balance": "5 XMR"}}

    def shows(case):
        zulu = tomli.loads(case.raw.decode()).get("participants", {}).get("zulu", {})
        return zulu.get("count", 1) >= 2 and "wallet" in zulu

    small = shrink(case_of(document), shows)
    assert small.document == {"participants": {"zulu": {"count": 2, "wallet": {}}}}
    assert small.mishap == "none"


def test_a_participant_goes_with_what_refers_to_it():
    document = {
        "participants": {"alpha": {"kind": "mining-pool"}, "bravo": {"kind": "hodler", "node": "alpha"}},
        "timeline": [{"at": 1, "do": "stop", "who": "alpha"}, {"at": 2, "do": "stop", "who": "bravo"}],
    }

    def shows(case):
        names = case.document.get("participants", {})
        refers = [it["who"] for it in case.document.get("timeline", ())]
        refers += [it["node"] for it in names.values() if "node" in it]
        return "bravo" in names and set(refers) <= set(names) and case.mishap == "killed"

    small = shrink(case_of(document), shows)
    assert small.document == {"participants": {"bravo": {}}}
    assert small.mishap == "killed"


def test_a_damaged_file_is_cut_down_to_its_bytes():
    case = Case(seed=0, sort="damaged", document=None, raw=b"[a]\nb = 1\nc = \xff2\n[d]\n")
    assert shrink(case, lambda small: b"\xff" in small.raw).raw == b"\xff"
