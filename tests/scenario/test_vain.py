"""What is hardly what was meant is warned of, or refused where it cannot be played."""

import pytest

from monerosim.scenario import examine

MINERS = (
    '[participants.z]\nkind = "mining-pool"\nhashrate = 100\n[participants.controller]\nkind = "block-controller"\n'
)
USER = f'{MINERS}[participants.u]\nkind = "regular-user"\nwallet = {{ initial_balance = "5 XMR" }}\n'
POOR = f'{MINERS}[participants.u]\nkind = "regular-user"\n'


def on(engine: str, text: str) -> str:
    return f'[simulation]\nengine = "{engine}"\n{text}'


def timeline(kind: str, do: str) -> str:
    return f'{MINERS}[participants.u]\nkind = "{kind}"\n[[timeline]]\nat = "1m"\ndo = "{do}"\nwho = "u"\n'


ASKED = f'{MINERS}[participants.u]\nkind = "orchestrator"\ncollect = ["process-died"]\n'
FAST = '[participants.u]\nkind = "observer"\ninterval = "1us"\n'

TOLD = {
    "latency without a unit": (f"{USER}[network]\nlatency = 70\n", "warning", "network.latency", "without a unit"),
    "latency of a topology": (
        f'{USER}[network]\ntopology = {{ kind = "ring", latency = 70 }}\n',
        "warning",
        "network.topology.latency",
        "without a unit",
    ),
    "latency that is another's": (
        f'{USER}[network]\nlatency = "10ms"\ntopology = {{ kind = "ring", latency = "20ms" }}\n',
        "warning",
        "network.latency",
        "of its own",
    ),
    "latency on shadow": (
        on("shadow", f'{USER}[network]\nlatency = "500ms"\n'),
        "error",
        "network.latency",
        "below 500ms",
    ),
    "latency on shadow, with quicker letters": (
        on("shadow", f'{USER}[network]\nlatency = "90ms"\n[letters]\ndelay = "80ms"\n'),
        "error",
        "network.latency",
        "below 80ms",
    ),
    "difficulty on local": (
        on("local", f"{USER}[consensus]\ndifficulty = 1000000000\n"),
        "warning",
        "consensus.difficulty",
        "proof of work",
    ),
    "difficulty on shadow": (
        on("shadow", f"{USER}[consensus]\ndifficulty = 1000000000\n"),
        "warning",
        "consensus.difficulty",
        "proof of work",
    ),
    "a payer without coins": (POOR, "warning", "participants.u", "no coins to pay with"),
    "a stopped relay": (timeline("relay", "stop"), "warning", "timeline[0].do", "goes on relaying"),
    "a paused relay": (timeline("relay", "pause"), "warning", "timeline[0].do", "goes on relaying"),
    "one that comes later": (f'{USER}stagger = "1m"\n', "warning", "participants.u.stagger", "no effect"),
    "outputs of nothing": (
        f'{MINERS}[participants.u]\nkind = "hodler"\nwallet = {{ outputs = 3 }}\n',
        "warning",
        "participants.u.wallet.outputs",
        "no effect",
    ),
    "deaths on embedded": (ASKED, "warning", "participants.u.collect[0]", "does not heed"),
    "deaths on shadow": (on("shadow", ASKED), "warning", "participants.u.collect[0]", "does not heed"),
    "a microsecond's interval": (FAST, "error", "participants.u.interval", "no machine"),
    "many short intervals": (
        FAST.replace("1us", "1ms").replace("interval", "count = 100\ninterval"),
        "warning",
        "participants.u.interval",
        "no machine",
    ),
}


@pytest.mark.parametrize(("text", "severity", "place", "words"), TOLD.values(), ids=TOLD)
def test_it_is_told_at_its_place(text: str, severity: str, place: str, words: str) -> None:
    (problem,) = examine(text.encode()).problems
    assert (problem.severity, problem.place) == (severity, place)
    assert words in f"{problem.message} {problem.hint}"


GOOD = {
    "latency of a satellite": f'{USER}[network]\nlatency = "600ms"\n',
    "latency on shadow": on("shadow", f'{USER}[network]\nlatency = "490ms"\n'),
    "difficulty on embedded": f"{USER}[consensus]\ndifficulty = 1000000000\n",
    "a miner that pays": f"{POOR}hashrate = 1\n".replace("regular-user", "mining-pool").replace("= 100", "= 99"),
    "one whom somebody pays": f'{POOR}[participants.b]\nkind = "transaction-bot"\nrecipients = ["u"]\n'
    'wallet = { initial_balance = "5 XMR" }\n',
    "a stopped miner": timeline("relay", "stop").replace('who = "u"', 'who = "z"'),
    "a stopped user": f'{USER}[[timeline]]\nat = "1m"\ndo = "stop"\nwho = "u"\n',
    "deaths on local": on("local", ASKED),
    "many users": USER.replace("wallet", 'count = 5000\ncheck_interval = "30s"\nwallet'),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_what_makes_sense_is_not(text: str) -> None:
    assert examine(text.encode()).problems == ()
