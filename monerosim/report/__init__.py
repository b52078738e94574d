"""What a run comes to: figures made from its events alone."""
