# Needs only python3 (3.11+) with venv, and make. `make run` and `make test` set up everything else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NPM := $(shell command -v npm 2>/dev/null)

.PHONY: run test bench ordeal firmware lint format setup assets system

run: $(VENV)/.run assets
	$(BIN)/python main.py --demo

test: system $(VENV)/.dev assets
	@$(BIN)/python -m tools.whole_check

# Standard output holds the results alone, as one JSON object.
bench:
	@$(MAKE) --no-print-directory system $(VENV)/.dev assets >&2
	@$(BIN)/python -m tools.bench $(if $(ONLY),--only $(ONLY))

# Kills the program, the broker and PostgreSQL at random moments under running pumps: make ordeal MINUTES=30 SEED=7.
ordeal: system $(VENV)/.dev assets
	@$(BIN)/python -m tools.ordeal $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

# The devices' modules for the ESP32 with their sizes, a flash image, signed update bundles, all in build/firmware.
firmware: $(VENV)/.dev
	@$(BIN)/python -m tools.firmware $(if $(KEY),--sign-with $(KEY)) $(if $(AUTHORITY),--authority $(AUTHORITY))

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

setup: $(VENV)/.run assets

# Browser assets: fonts from npm (the system's, or the one that PyPI ships), cut to what is used; translations.
assets: $(VENV)/.run $(if $(NPM),,$(VENV)/.node)
	@$(BIN)/python -m tools.assets

# Broker and browser of the tests, where the machine lacks them.
system:
	@sh tools/system.sh

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(BIN)/python requirements/run.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	@touch $@

# This lock holds all of the other: where both are wanted, one install does.
$(VENV)/.dev: $(BIN)/python requirements/run.lock requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $(VENV)/.run $@

$(VENV)/.node: $(VENV)/.run requirements/node.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.lock
	@touch $@
