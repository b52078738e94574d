"""Rules that nodes of the engine embedded go by in place of monerod's."""

from monerosim.rules.checkpoints import Checkpoints
from monerosim.rules.formats import FcmpPlusPlus, LinearFormat
from monerosim.rules.publish_or_perish import PublishOrPerish
from monerosim.rules.registry import RULES, load_rule, rule_names
from monerosim.rules.rule import Rule
from monerosim.rules.tie_breaking import FirstSeen, UniformTieBreaking

__all__ = [
    "RULES",
    "Checkpoints",
    "FcmpPlusPlus",
    "FirstSeen",
    "LinearFormat",
    "PublishOrPerish",
    "Rule",
    "UniformTieBreaking",
    "load_rule",
    "rule_names",
]
