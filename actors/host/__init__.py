"""A host's own actors: supervisor, mailbox, registrar, proxies of node and wallet; and the orchestrator."""
