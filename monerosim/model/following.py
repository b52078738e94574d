"""Which chain each node follows, where some go by other rules than monerod's.

A block on a node's tip becomes its tip as soon as the node has it. Any other one is put to the node's rules when it
comes, once, in the order of time; what was decided is kept as long as a view of that time can be asked for.
"""

from collections import deque
from collections.abc import Callable, Sequence

from monerosim.model.chain import Chain
from monerosim.model.records import Block
from monerosim.model.rules import Rule
from monerosim.runtime.counters import key


class Follower:
    """A node, as its rules see it.

    Attributes:
        index: Its index in the network.
        name: Its participant's name.
        tip: The end of the chain that it follows; while a rule is asked, before the rule has its say.
        now: Microseconds since the run's start.
        marked: Blocks that its rules have set apart, for their own use later on.
    """

    def __init__(self, following: "Following", index: int, name: str, tip: Block) -> None:
        self.index = index
        self.name = name
        self.tip = tip
        self.now = 0
        self.marked: set[Block] = set()
        self._following = following

    def has(self, block: Block) -> bool:
        """Return whether it has a block, on any branch."""
        return self.since(block) <= self.now

    def since(self, block: Block) -> int:
        """Return since when it has a block, microseconds; -1 if for so long that it is not kept."""
        return -1 if block.arrival_times is None else block.arrival_times.item(self.index)

    def at_height(self, height: int) -> list[Block]:
        """Return the blocks of a height that it has, in the order they were found."""
        return [block for block in self._following.at_height(height) if self.has(block)]

    def fork(self, one: Block, other: Block) -> Block:
        """Return the last block that two chains have in common."""
        return self._following.chain.fork(one, other)

    def on_chain(self, tip: Block, block: Block) -> bool:
        """Return whether a block is on the chain that ends in ``tip``."""
        return self._following.chain.contains(tip, block)

    def ancestor(self, tip: Block, height: int) -> Block:
        """Return the block at a height, at most the tip's, of the chain that ends in ``tip``."""
        return self._following.chain.at(tip, max(height, 0))

    def draw(self, purpose: str, block: Block) -> float:
        """Draw a number from 0 to below 1, uniformly: the same for the same purpose, block and node."""
        return (key(self._following.seed, purpose, self.name, block.id) >> 11) / 2**53

    def tip_of(self, name: str, at: int) -> Block:
        """Return the end of the chain that another node followed.

        Args:
            name: Its participant's name.
            at: Microseconds, at most two minutes ago and not later than now.
        """
        return self._following.tip_of(name, at)


class RuleSet:
    """Rules that nodes go by together.

    Args:
        rules: Those that take the place of monerod's, the first to be asked first.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._valid: dict[Block, bool] = {}

    def follows(self, node: Follower, block: Block) -> bool:
        """Return whether a node goes over to a block that it has just got."""
        if not all(rule.permits(node, block) for rule in self._rules):
            return False
        if block.parent is node.tip or not all(rule.permits(node, node.tip) for rule in self._rules):
            return True
        opinions = (rule.prefers(node, block) for rule in self._rules)
        said = next((opinion for opinion in opinions if opinion is not None), None)
        return block.cumulative_difficulty > node.tip.cumulative_difficulty if said is None else said

    def relays(self, node: Follower, block: Block) -> bool:
        """Return whether a node passes on a block that it does not follow."""
        return any(rule.relays(node, block) for rule in self._rules)

    def accepts(self, block: Block) -> bool:
        """Return whether a block and all below it are valid."""
        unknown: list[Block] = []
        step: Block | None = block
        while step is not None and step not in self._valid:
            unknown.append(step)
            step = step.parent
        valid = step is None or self._valid[step]
        for one in reversed(unknown):
            valid = valid and all(rule.accepts(one) for rule in self._rules)
            self._valid[one] = valid
        return valid

    def uncles(self, node: Follower, parent: Block) -> tuple[Block, ...]:
        """Return the blocks that a block refers to which the node finds on ``parent``."""
        return tuple(dict.fromkeys(one for rule in self._rules for one in rule.uncles(node, parent)))


class Following:
    """The nodes and their rules.

    Args:
        chain: All blocks of the run.
        own: The rules of each node that take the place of monerod's; like ones are one object.
        names: The nodes' names; their numbers if there are none.
        seed: The key of the rules' draws.

    Attributes:
        chain: As given.
        seed: As given.
        tip_at: Returns the tip that a node, by its index, followed at a time; set by what keeps them.
    """

    def __init__(self, chain: Chain, own: Sequence[Sequence[Rule]], names: Sequence[str], seed: int) -> None:
        self.chain = chain
        self.seed = seed
        self.tip_at: Callable[[int, int], Block] = lambda _node, _at: chain.main[0]
        sets = {id(rules): RuleSet(rules) for rules in own}
        self._sets = [sets[id(rules)] for rules in own]
        self._distinct = list(sets.values())
        self._names = names or [str(node) for node in range(len(own))]
        self._index = {name: index for index, name in enumerate(self._names)}
        self._nodes = [Follower(self, index, name, chain.main[0]) for index, name in enumerate(self._names)]
        self._decisions: list[deque[tuple[int, Block]]] = [deque() for _ in own]
        self._heights: dict[int, list[Block]] = {}

    def node(self, node: int, tip: Block, at: int) -> Follower:
        """Return a node as its rules see it.

        Args:
            node: Its index.
            tip: What it follows.
            at: Now, microseconds.
        """
        seen = self._nodes[node]
        seen.tip, seen.now = tip, at
        return seen

    def follows(self, node: int, tip: Block, block: Block, at: int) -> bool:
        """Decide whether a node goes over to a block that it has just got, and keep it in mind.

        Args:
            node: Its index.
            tip: What it follows.
            block: It is valid, and the node has all below it.
            at: Now, microseconds.
        """
        follows = self._sets[node].follows(self.node(node, tip, at), block)
        if follows:
            self.decide(node, block, at)
        return follows

    def decide(self, node: int, tip: Block, at: int) -> None:
        """Note that a node follows a tip from now on, microseconds."""
        self._decisions[node].append((at, tip))

    def decisions(self, node: int, since: int, until: int) -> list[tuple[int, Block]]:
        """Return what a node went over to later than ``since`` and up to ``until``, microseconds, in order.

        What was decided earlier is forgotten.
        """
        decisions = self._decisions[node]
        while decisions and decisions[0][0] <= since:
            decisions.popleft()
        return [one for one in decisions if one[0] <= until]

    def relays(self, node: int, tip: Block, block: Block, at: int) -> bool:
        """Return whether a node passes on a block that it does not follow."""
        return self._sets[node].relays(self.node(node, tip, at), block)

    def accepts(self, node: int, block: Block) -> bool:
        """Return whether a block and all below it are valid by a node's rules."""
        return self._sets[node].accepts(block)

    def all_accept(self, block: Block) -> bool:
        """Return whether a block and all below it are valid by all nodes' rules."""
        return all(rules.accepts(block) for rules in self._distinct)

    def uncles(self, node: int, tip: Block, parent: Block, at: int) -> tuple[Block, ...]:
        """Return the blocks that a block refers to which a node finds on ``parent`` now."""
        return self._sets[node].uncles(self.node(node, tip, at), parent)

    def add(self, block: Block) -> None:
        """Take in a block that was found just now."""
        self._heights.setdefault(block.height, []).append(block)

    def at_height(self, height: int) -> list[Block]:
        """Return all blocks of a height, in the order they were found."""
        return self._heights.get(height, [])

    def tip_of(self, name: str, at: int) -> Block:
        """Return the tip that the node of a participant followed at a time, microseconds."""
        return self.tip_at(self._index[name], at)
