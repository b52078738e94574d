"""What happens in a run: typed events, the logs that keep them, and the actors' traces."""
