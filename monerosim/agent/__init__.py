"""What runs on a host: its actors, what they share, and the process that holds them."""
