"""Which chain each node follows, where some go by other rules than monerod's.

A block on a node's tip becomes its tip as soon as the node has it. Any other one is put to the node's rules when it
comes, once, in the order of time; what was decided is kept as long as a view of that time can be asked for.
"""

from collections import deque
from collections.abc import Callable, Sequence

from monerosim.model.chain import Chain
from monerosim.model.formats import MONEROD, TransactionFormat
from monerosim.model.records import Block
from monerosim.model.rules import HardFork, Rule, Rules
from monerosim.monero.constants import HARD_FORK
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
        forks: The hard forks that the nodes know of, in the order of their heights.
    """

    def __init__(self, rules: Sequence[Rule], forks: Sequence[HardFork] = ()) -> None:
        self._rules = rules
        self._forks = forks
        self._valid: dict[Block, bool] = {}

    def _at(self, height: int) -> Sequence[Rule]:
        """Return the rules of a height; those of the latest fork are asked first."""
        if not self._forks:
            return self._rules
        past = [fork for fork in reversed(self._forks) if fork.height <= height]
        return [rule for rules in (*(fork.rules for fork in past), self._rules) for rule in rules]

    def block_version(self, height: int) -> int:
        """Return the version that a block of a height has to have."""
        return HARD_FORK + sum(fork.height <= height for fork in self._forks)

    def forks(self) -> dict[int, int]:
        """Return the heights of the hard forks by the versions of blocks."""
        return {HARD_FORK + number: fork.height for number, fork in enumerate(self._forks, start=1)}

    def format(self, height: int) -> TransactionFormat:
        """Return what the transactions of a block of a height have to look like."""
        said = (rule.format() for rule in self._at(height))
        return next((one for one in said if one is not None), MONEROD)

    def follows(self, node: Follower, block: Block) -> bool:
        """Return whether a node goes over to a block that it has just got."""
        rules = self._at(block.height)
        if not all(rule.permits(node, block) for rule in rules):
            return False
        if block.parent is node.tip or not all(rule.permits(node, node.tip) for rule in rules):
            return True
        opinions = (rule.prefers(node, block) for rule in rules)
        said = next((opinion for opinion in opinions if opinion is not None), None)
        return block.cumulative_difficulty > node.tip.cumulative_difficulty if said is None else said

    def relays(self, node: Follower, block: Block) -> bool:
        """Return whether a node passes on a block that it does not follow."""
        return any(rule.relays(node, block) for rule in self._at(block.height))

    def accepts(self, block: Block) -> bool:
        """Return whether a block and all below it are valid."""
        unknown: list[Block] = []
        step: Block | None = block
        while step is not None and step not in self._valid:
            unknown.append(step)
            step = step.parent
        valid = step is None or self._valid[step]
        for one in reversed(unknown):
            valid = valid and self._accepts_alone(one)
            self._valid[one] = valid
        return valid

    def _accepts_alone(self, block: Block) -> bool:
        if block.parent is None:
            return True
        has_version = block.version == self.block_version(block.height)
        return has_version and all(rule.accepts(block) for rule in self._at(block.height))

    def uncles(self, node: Follower, parent: Block) -> tuple[Block, ...]:
        """Return the blocks that a block refers to which the node finds on ``parent``."""
        rules = self._at(parent.height + 1)
        return tuple(dict.fromkeys(one for rule in rules for one in rule.uncles(node, parent)))


class Following:
    """The nodes and their rules.

    Args:
        chain: All blocks of the run.
        rules: What nodes go by; like ones are one object.
        nodes: How many nodes there are.
        seed: The key of the rules' draws.

    Attributes:
        chain: As given.
        seed: As given.
        tip_at: Returns the tip that a node, by its index, followed at a time; set by what keeps them.
    """

    def __init__(self, chain: Chain, rules: Rules, nodes: int, seed: int) -> None:
        self.chain = chain
        self.seed = seed
        self.tip_at: Callable[[int, int], Block] = lambda _node, _at: chain.main[0]
        self._rules = rules
        self._known: dict[tuple[int, tuple[int, ...]], RuleSet] = {}
        self._sets = [self._set_of(node) for node in range(nodes)]
        names = rules.names or [str(node) for node in range(nodes)]
        self._index = {name: index for index, name in enumerate(names)}
        self._nodes = [Follower(self, index, name, chain.main[0]) for index, name in enumerate(names)]
        self._decisions: list[deque[tuple[int, Block]]] = [deque() for _ in names]
        self._heights: dict[int, list[Block]] = {}

    def _set_of(self, node: int) -> RuleSet:
        own = () if self._rules.own is None else self._rules.own[node]
        version = self._rules.version(node)
        forks = [fork for fork in self._rules.forks if fork.since <= version]
        place = id(own), tuple(fork.height for fork in forks)
        if place not in self._known:
            self._known[place] = RuleSet(own, forks)
        return self._known[place]

    def upgrade(self, node: int) -> None:
        """Take in that a node runs another version of monerod now."""
        self._sets[node] = self._set_of(node)

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
        return all(rules.accepts(block) for rules in set(self._sets))

    def forks(self, node: int) -> dict[int, int]:
        """Return the heights of the hard forks that a node knows of, by the versions of blocks."""
        return self._sets[node].forks()

    def block_version(self, node: int, height: int) -> int:
        """Return the version of a block of a height by a node's rules."""
        return self._sets[node].block_version(height)

    def format(self, node: int, height: int) -> TransactionFormat:
        """Return what the transactions of a block of a height look like by a node's rules."""
        return self._sets[node].format(height)

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
