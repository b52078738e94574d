"""Nothing is asked for in vain: on each engine, a key that is changed changes the run, or else the check names it.

A new key falls under this by being there. If what it does shows in none of the small scenarios here, or not by the
change that is made up for its type, it gets a line in ``CASES``; if an engine does not heed it, that engine says so in
its ``unheeded``.
"""

import shutil
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monerosim.build.build import compile_plan
from monerosim.build.gml import to_gml
from monerosim.build.rundir import write_run_directory
from monerosim.build.shadow import shadow_yaml
from monerosim.config import Amount, Duration, field_default, strip_notes
from monerosim.engine import engine_names, load_engine
from monerosim.plan.allowed_flags import HARMLESS, MODELLED, NODE
from monerosim.plan.plan import Plan
from monerosim.plan.restarts import Restarts
from monerosim.plugins import PluginFiles
from monerosim.runs import play
from monerosim.scenario import Examination, examine
from monerosim.scenario.tables import Node, Participant, Scenario, TimelineEntry, Wallet
from monerosim.swarm import fragile
from monerosim.swarm.scenarios import behaviours
from monerosim.swarm.values import choices, structure
from monerosim.topology import load_topology, topology_names

ENGINES = ("embedded", "local", "shadow")

HEAD = """\
[simulation]
duration = "10m"
[consensus]
block_time = "30s"
[participants.z]
kind = "mining-pool"
hashrate = 60
[participants.y]
kind = "mining-pool"
hashrate = 40
[participants.controller]
kind = "block-controller"
"""
USERS = """\
[participants.who]
kind = "regular-user"
count = 3
stagger = "10s"
wallet = { initial_balance = "20 XMR", outputs = 3 }
transaction_frequency = 1
"""
MARKET = """\
[participants.market]
kind = "marketplace"
node = "z"
wallet = { addresses = 2 }
"""
TIMELINE = """\
[[timeline]]
at = "2m"
do = "pause"
who = "who"
"""
WHOLE = HEAD + USERS + MARKET + TIMELINE
ORDERS = HEAD + USERS + MARKET + 'orders = true\npayment_window = "2m"\n'.replace("payment", "#")


def payer(kind: str, more: str = "") -> str:
    wallet = 'wallet = { initial_balance = "20 XMR", outputs = 3 }'
    return f'{HEAD}[participants.who]\nkind = "{kind}"\n{wallet}\n{more}\n{MARKET}'
