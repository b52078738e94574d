"""What transactions look like: their weights, their rings, and how long their outputs are locked."""

from monerosim.monero.constants import COINBASE_UNLOCK, SPENDABLE_AGE
from monerosim.monero.fees import RING_SIZE, clawback, estimate_size, transaction_weight


class TransactionFormat:
    """monerod's format (CLSAG and Bulletproofs+, 0.18). A derived class says what is different in another one.

    Attributes:
        ring_size: Outputs of the chain that have to be there to make an input.
        spendable_age: Blocks until an output of a transaction can be spent.
        coinbase_unlock: Blocks until an output of a coinbase can be spent.
        max_inputs: The most that a transaction can spend.
        slower: How much longer than usual a node takes to verify a transaction, microseconds.
    """

    ring_size: int = RING_SIZE
    spendable_age: int = SPENDABLE_AGE
    coinbase_unlock: int = COINBASE_UNLOCK
    max_inputs: int = 2**16
    slower: int = 0

    def estimate(self, inputs: int, outputs: int, extra: int = 0) -> int:
        """Return the size in bytes that a wallet estimates before it builds a transaction.

        Args:
            inputs: The number of outputs it spends.
            outputs: The number of outputs it creates, change included.
            extra: Bytes that the payer adds to its extra field.
        """
        return estimate_size(inputs, outputs, extra)

    def weight(self, inputs: int, outputs: int, *, fee: int, places: int, to_subaddresses: bool, extra: int = 0) -> int:
        """Return the weight of a finished transaction (:func:`monerosim.monero.fees.transaction_weight`)."""
        return transaction_weight(inputs, outputs, fee=fee, places=places, to_subaddresses=to_subaddresses, extra=extra)

    def surcharge(self, outputs: int) -> int:
        """Return the part of a weight that is no bytes: of range proofs whose verification grows faster than they."""
        return clawback(outputs)


MONEROD = TransactionFormat()
"""monerod's."""
