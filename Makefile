# The commands of a newcomer and of an engineer; `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Where the tests' databases live and die: in memory where the machine has room there.
SCRATCH := $(shell test -w /dev/shm && [ "$$(df -Pk /dev/shm | awk 'END {print $$4}')" -gt 4000000 ] && echo /dev/shm || echo $${TMPDIR:-/tmp})

# The tests' processes: one more than there are cores, since some wait for processes of their own.
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 1 )))

# Every folder of tests; what takes long begins first, so that nobody waits for it in the end.
LONG := tests/cases/ tests/stories/ tests/feeds/ tests/jobs/
TESTS := $(LONG) $(filter-out $(LONG) tests/__pycache__/,$(wildcard tests/*/ tests/test_*.py))

PYTEST := TMPDIR=$(SCRATCH) PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# The semantic extra, a model of 91 MB, is installed where SEMANTIC=1 asks for it.
EXTRA := $(if $(SEMANTIC),$(VENV)/.installed-semantic)

.DEFAULT_GOAL := help
.PHONY: help install run test test-all check coverage docs release bench bench-related crash-test lock generated material

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/.installed $(EXTRA) ## make .venv with the locked dependencies; SEMANTIC=1: related articles across languages too

run: $(VENV)/.installed $(EXTRA) ## the bot with .env; without a token, the sandbox
	@exec $(BIN)/newswire run --or-sandbox

test: $(VENV)/.installed-dev ## every check, and every test but the slow ones
	@$(MAKE) --no-print-directory check
	$(PYTEST) -m "not slow" $(TESTS)
	@echo "Left out: the slow tests; make test-all runs them, too."

test-all: $(VENV)/.installed-dev ## every check and every test, as CI runs them (long)
	@$(MAKE) --no-print-directory check
	$(PYTEST) $(TESTS)

check: $(VENV)/.installed-dev ## style, types and directions, without the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

coverage: $(VENV)/.installed-dev ## every test, with the lines and branches that they reach
	TMPDIR=$(SCRATCH) PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered $(TESTS)

docs: $(VENV)/.installed-dev ## the documentation site, into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

release: $(VENV)/.installed-dev ## build the wheel and the sdist into dist/, check them, and try the wheel on every Python here
	rm -rf build dist
	$(BIN)/python -m build --no-isolation > /dev/null
	$(BIN)/twine check --strict dist/*
	$(BIN)/python .ci/try_wheel.py dist/*.whl

bench: $(VENV)/.installed-dev ## the benchmarks, a table each (long)
	$(BIN)/python -m benchmarks

bench-related: $(VENV)/.installed-dev ## related articles and search, measured beside others
	$(BIN)/python -m benchmarks.related

crash-test: $(VENV)/.installed-dev ## kill the bot hundreds of times and count what was lost or doubled (long)
	$(BIN)/python -m benchmarks.crash_laboratory

lock: ## renew the lock files from pyproject.toml (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q --extra build -o requirements.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements.lock --extra build --extra dev -o requirements-dev.lock pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -c requirements.lock --extra semantic -o requirements-semantic.lock pyproject.toml

generated: $(VENV)/.installed-dev ## rewrite what is made from the code: .env.example, docs/configuration.md, docs/commands.md
	$(BIN)/python -m bot.config
	$(BIN)/python -m bot.commands

material: ## unpack real feeds and articles for the tests and benchmarks: make material FROM=folder
	@test -d "$(FROM)" || { echo "make material: FROM=folder is wanted, a folder with feeds/ and related/"; exit 2; }
	mkdir -p material/feeds material/related
	for archive in $(FROM)/feeds/*.tar.xz; do tar -xJf $$archive -C material/feeds; done
	xz -dkc $(FROM)/feeds/snapshot_events.tsv.xz > material/feeds/snapshot_events.tsv
	tar -xJf $(FROM)/related/open.tar.xz -C material/related

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Newswire needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed-semantic: requirements-semantic.lock $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-semantic.lock
	@touch $@
