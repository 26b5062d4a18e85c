# Every target sets up what it needs, on a fresh Debian 12 machine with Python 3.11.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.11 python3 python; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && { command -v $$p; break; }; done)
BIN := .venv/bin
TRAIN := .venv-train/bin
export NUMBA_CACHE_DIR ?= $(CURDIR)/.venv/numba
export PYTHONUNBUFFERED := 1

.PHONY: run test setup client bench soak lint models
run: .venv/.runtime .venv/.system-run
	$(BIN)/python -m somnia_server.cli run

setup: .venv/.dev .venv/.system-run .venv/.system-test

test: setup
	$(BIN)/python -m pytest -m "not slow and not browser" -n logical --maxprocesses 4 --dist loadfile -rs
	$(BIN)/python -m pytest -m "browser and not slow" -rs

soak: setup
	$(BIN)/python -m pytest -m slow -rs

client: .venv/.dev
	$(BIN)/python deploy/make_client.py

bench: setup
	$(BIN)/python -m tests.bench

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py

models: .venv-train/.ready
	for train in models/*/train.py; do $(TRAIN)/python $$train && $(TRAIN)/python $${train%train.py}evaluate.py || exit 1; done

.venv/bin/python:
	@[ -n "$(PYTHON)" ] || { echo "SOMNIA needs Python 3.11, and none was found. On Debian 12: apt-get install python3.11 python3.11-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv || { echo "No virtual environment could be made. On Debian 12: apt-get install python3.11-venv" >&2; exit 1; }

.venv/.runtime: .venv/bin/python requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.dev: .venv/.runtime requirements-dev.txt
	$(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/.system-run: .venv/bin/python deploy/system-packages.sh
	@deploy/system-packages.sh run
	@touch $@

.venv/.system-test: .venv/bin/python deploy/system-packages.sh
	@deploy/system-packages.sh test
	@touch $@

.venv-train/.ready: requirements-train.txt requirements.txt
	@[ -n "$(PYTHON)" ] || { echo "Training needs Python 3.11, and none was found." >&2; exit 1; }
	$(PYTHON) -m venv .venv-train
	$(TRAIN)/pip install -q --disable-pip-version-check -r requirements-train.txt
	@touch $@
