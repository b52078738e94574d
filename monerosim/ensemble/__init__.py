"""Many runs of one scenario: over seeds, over values of its keys, on all cores or many machines."""
