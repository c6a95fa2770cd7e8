# Needs Python 3.11 or later with venv, and make. Everything lands in .venv; data in ./data.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help install run test check format bench quality lock clean chromium wrk

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

install: $(VENV)/.installed ## Build .venv from the lock, with the earnest command in it

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Earnest needs Python 3.11 or later; '$(PYTHON)' is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

run: install ## Start Earnest: address, a key, a first decision, a request to paste
	@$(BIN)/earnest serve --demo

# A program of the system, installed where we may; the lists of a fresh machine may be empty or old.
define program
	@command -v $(1) >/dev/null || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && export DEBIAN_FRONTEND=noninteractive && \
	  { apt-get install -y -qq --no-install-recommends $(1) || \
	    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $(1); }; } && \
	  command -v $(1) >/dev/null; } || \
	  { echo "make $(MAKECMDGOALS) needs $(1), $(2); on Debian and Ubuntu: apt-get install $(1)" >&2; exit 1; }
endef

chromium:
	$(call program,chromium,a browser to try the members' pages with)

wrk:
	$(call program,wrk,which asks faster than we answer)

test: $(VENV)/.installed-dev chromium ## Run every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: $(VENV)/.installed-dev ## Lint, formatting, types, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-dev ## Fix what a machine can fix
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.installed-dev wrk ## Measure decisions a second and latency
	$(BIN)/python -m benchmarks

quality: $(VENV)/.installed-dev ## Measure what is caught and whom it troubles; ARGS="--seeds 11,12" for others
	$(BIN)/python -m benchmarks.quality $(ARGS)

LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet

lock: ## Renew both locks (needs uv); add ARGS=--upgrade for newer versions
	$(LOCK) $(ARGS) --output-file requirements.lock
	$(LOCK) $(ARGS) --extra dev --output-file requirements-dev.lock

clean: ## Remove what was built; ./data stays
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
