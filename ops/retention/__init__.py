"""What is not kept for ever: payloads of settled failures, what waits for closed connections, erased contacts."""
