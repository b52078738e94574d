"""Those who pay: users, bots, churners, holders, and the funder of the bootstrap."""
