"""What is installed, described: actors, topologies, engines, and the schema of scenarios."""
