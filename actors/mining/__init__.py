"""Those who find blocks, and the controller that decides who does."""
