"""How an event gets in and travels: store webhooks, topology, publishing, the spool."""
