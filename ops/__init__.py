"""Running and repairing: command line, processes, the error desk, the sandbox, metrics, migrations, runbooks."""
