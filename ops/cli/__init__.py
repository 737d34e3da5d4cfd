"""The command line: one module per group of commands, settings are read here and nowhere else."""
