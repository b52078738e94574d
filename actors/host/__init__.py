"""What every host has: supervisor, mailbox, proxies of node and wallet; and the orchestrator of many hosts."""
