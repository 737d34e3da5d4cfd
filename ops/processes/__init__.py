"""One file per process: put together, started, ended by SIGTERM."""
