"""Bad input: what is sent, what comes back, and where the message is afterwards."""
