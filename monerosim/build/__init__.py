"""From a scenario to a plan and a run directory: everything resolved, programs looked up, files written."""
