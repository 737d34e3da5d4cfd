"""What is not kept for ever: payloads of settled messages, and what waits for closed connections."""
