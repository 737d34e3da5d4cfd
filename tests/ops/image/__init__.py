"""compose.yaml, the Dockerfile and the systemd units: valid, hardened, and in step with the program."""
