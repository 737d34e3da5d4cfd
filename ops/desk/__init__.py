"""The error desk: commands, error queues, dead letters."""
