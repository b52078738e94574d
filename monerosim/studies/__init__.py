"""Research questions whose answers are known: played over parameters and seeds, and judged by the known answers."""
