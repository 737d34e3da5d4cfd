# Counterfoil: `make` alone lists the commands. PYTHON chooses the interpreter (3.11 or newer).
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo up test test-matrix check fast bench soak lock install clean

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
WORKERS ?= 2
RUN := .venv/bin/python
PYTEST := $(RUN) -m pytest -q
COMPILE := $(RUN) -m uv pip compile --quiet --upgrade --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install  ## the main job end to end: store webhooks into QuickBooks, failures and their repair; then it stops
	@.venv/bin/counterfoil demo

up: install  ## the demo's programs left running, with their addresses; Ctrl-C ends them
	@exec .venv/bin/counterfoil up --demo

test: install  ## every test, with SQLite, a private PostgreSQL and a private RabbitMQ node; installs what is missing
	@$(RUN) -m ops.node install --with-postgres --with-prometheus --with-chromium
	$(PYTEST) -n $(WORKERS) --dist loadgroup

test-matrix: install  ## every test twice: SQLite with this machine's RabbitMQ, then PostgreSQL with RabbitMQ 4
	@$(MAKE) --no-print-directory test
	@$(RUN) -m ops.node --generation 4 install
	RABBITMQ_GENERATION=4 TEST_DATABASE=postgres $(PYTEST) -n $(WORKERS) --dist loadgroup

check: install  ## format, lint, types, import arrows and the fast tests, in under two minutes
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	.venv/bin/lint-imports
	@$(MAKE) --no-print-directory fast

fast: install  ## the tests that need no server
	$(PYTEST) -n $(WORKERS) -m "not broker and not postgres and not slow"

bench: install  ## measure speed on this machine
	@$(RUN) -m ops.node install --with-postgres
	@$(RUN) -m ops.bench

SECONDS ?= 600
SEED ?= 1
DATABASE ?= sqlite
soak: install  ## random faults for SECONDS (600), by SEED, on DATABASE (sqlite or postgres); the last line is JSON
	@$(RUN) -m ops.node install --with-postgres
	@$(RUN) -m ops.bench.soak --seconds $(SECONDS) --seed $(SEED) --database $(DATABASE) \
		--generation "$(RABBITMQ_GENERATION)"

lock: install  ## bring every pinned package up to date (ops/lock)
	$(COMPILE) pyproject.toml --output-file ops/lock/runtime.txt
	$(COMPILE) pyproject.toml --extra traces --group dev --constraints ops/lock/runtime.txt --output-file ops/lock/dev.txt
	$(COMPILE) ops/lock/build.in --constraints ops/lock/dev.txt --output-file ops/lock/build.txt

install:  ## make .venv from the locked packages; instant when nothing changed
	@ops/lock/install.sh $(PYTHON)

clean:  ## stop the private servers and remove their data, built files and caches; .venv stays
	@if [ -x $(RUN) ]; then $(RUN) -m ops.node remove; fi
	rm -rf .counterfoil dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
