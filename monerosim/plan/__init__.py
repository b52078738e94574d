"""Plans: scenarios with everything resolved, as plain data."""
