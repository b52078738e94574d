"""Plans: scenarios with everything resolved, and the run directories that hold them."""
