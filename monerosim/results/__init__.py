"""What is made of runs: pages, comparisons and exports."""
