# The two commands: `make up` and `make test`. Everything else is for people who change the code.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help up demo test lint benchmarks lock clean

help:
	@echo "make up          start the watch (http://127.0.0.1:4200), Ctrl-C stops it"
	@echo "make demo        a bad release and the way back, played unattended in under three minutes"
	@echo "make test        run the whole test-suite"
	@echo "make lint        ruff, mypy, import contracts"
	@echo "make benchmarks  run every benchmark and print its table"
	@echo "make lock        resolve the dependencies again (needs uv)"

up: $(VENV)/installed
	@exec $(BIN)/watchkeeper up

demo: $(VENV)/installed
	@exec $(BIN)/python -m deployments.demo

test: $(VENV)/installed-for-tests
	$(BIN)/pytest -n 2 --dist loadfile --durations=10

lint: $(VENV)/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

benchmarks: $(VENV)/installed-for-tests
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-annotate --no-header --no-strip-extras pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--no-annotate --no-header --no-strip-extras --extra dev -c requirements.lock pyproject.toml -o tests/requirements.lock

clean:
	rm -rf $(VENV) .watchkeeper .mypy_cache .ruff_cache .pytest_cache .import_linter_cache htmlcov .coverage

# --no-deps: the locks name every package, and pip's own resolver cannot join hashes with extras.
$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Watchkeeper needs Python 3.11 or newer, this is " + sys.version)'
	@test -d $(VENV) || { echo "Creating $(VENV) ..."; $(PYTHON) -m venv $(VENV); }
	@echo "Installing 120 packages, about a minute the first time ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/installed-for-tests: tests/requirements.lock $(VENV)/installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/requirements.lock
	@touch $@
