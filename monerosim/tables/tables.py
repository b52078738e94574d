"""All tables of a run, and what fills them."""

from monerosim.tables.chain import ChainMaker
from monerosim.tables.maker import Maker
from monerosim.tables.metrics import MetricsMaker
from monerosim.tables.network import NetworkMaker
from monerosim.tables.payments import PaymentsMaker
from monerosim.tables.schema import Table
from monerosim.tables.whole import WholeMaker

MAKERS: tuple[type[Maker], ...] = (WholeMaker, ChainMaker, PaymentsMaker, NetworkMaker, MetricsMaker)

TABLES: dict[str, Table] = {table.name: table for maker in MAKERS for table in maker.tables}
"""By name, in the order in which they are documented."""

SIGHTINGS = frozenset({"block_sightings", "tx_sightings"})
"""Those that get their rows item by item (:class:`monerosim.tables.maker.Sightings`)."""
