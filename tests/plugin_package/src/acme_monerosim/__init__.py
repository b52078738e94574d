"""What a third party adds to monerosim."""
