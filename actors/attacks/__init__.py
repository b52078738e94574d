"""Attackers: miners that keep blocks back, double spenders, spies, and those who flood or drop what they relay."""
