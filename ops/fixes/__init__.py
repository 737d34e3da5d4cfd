"""What repairs a failure group: the ways to choose from, and carrying one of them out."""
