# One set of commands for people and for CI. Needs make and Python >= 3.11; everything else goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_BENCH := $(VENV)/.installed-bench
LOWEST := .venv-lowest
INSTALLED_LOWEST := $(LOWEST)/.installed
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
PIP_VERSION = $(shell sed -n 's/^pip==//p' constraints.txt)
EXTRAS := server,idc

DATA_DIR ?= var/demo
DEMO ?=
QUICK ?=
ONLY ?=
PYTEST_ARGS ?=

export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo examples docs up test fuzz trial coverage bench check lint style types imports generated web wheel \
	generate format constraints clean clean-data bench-report test-lowest

help:  ## this list
	@awk 'BEGIN {FS = ":.*##"} /^[a-z-]+:.*##/ {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- environment ---

install: $(INSTALLED)  ## make .venv with everything in it, at the versions of constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "VxData needs Python 3.11 or later, and '$(PYTHON)' is not. Try: make PYTHON=python3.13 …" >&2; exit 1; }
	@echo "Installing into $(VENV) …"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv $(VENV)
	@$(PIP) install "pip==$(PIP_VERSION)"
	@$(PIP) install --constraint constraints.txt --build-constraint constraints.txt \
		--group dev --editable '.[$(EXTRAS)]'
	@touch $@

$(INSTALLED_BENCH): $(INSTALLED)
	@echo "Installing the peers of the benchmarks into $(VENV) …"
	@$(PIP) install --constraint constraints.txt --group bench
	@touch $@

# pip cannot choose the lowest versions of what pyproject.toml names; uv can.
$(INSTALLED_LOWEST): $(INSTALLED)
	@echo "Installing the lowest versions into $(LOWEST) …"
	@$(PYTHON) -m venv --without-pip $(LOWEST)
	@$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		--group test --editable '.[$(EXTRAS)]'
	@touch $@

constraints:  ## write the newest versions that pyproject.toml allows to constraints.txt (use the oldest Python)
	@set -e; scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	$(PYTHON) -m venv "$$scratch/venv"; \
	pip="$$scratch/venv/bin/python -m pip -qq --disable-pip-version-check --no-input"; \
	$$pip install --upgrade pip; \
	$$pip install --group dev --group bench --editable '.[$(EXTRAS)]'; \
	grep '^#' constraints.txt >"$$scratch/new"; \
	$$pip freeze --all --exclude-editable --exclude setuptools | LC_ALL=C sort -f >>"$$scratch/new"; \
	cat "$$scratch/new" >constraints.txt; \
	git --no-pager diff --stat -- constraints.txt

# --- running it ---

demo: $(INSTALLED)  ## the whole system with real data on loopback (DEMO=small: a small part of the data)
	$(BIN)/vxdata demo --data-dir $(DATA_DIR) $(if $(filter small,$(DEMO)),--small)

examples: $(INSTALLED)  ## run the notebooks of examples/ on a small part of the demo's data (DATA_DIR=…)
	$(BIN)/vxdata demo --small --data-dir $(DATA_DIR)
	$(BIN)/python -m tools.run_examples examples

up: $(INSTALLED)  ## the whole system, empty or with the data it had (DATA_DIR=…)
	$(BIN)/vxdata up --data-dir $(DATA_DIR)

bench: $(INSTALLED_BENCH)  ## benchmarks beside their peers (QUICK=1: small sizes, ONLY="cold small": some questions)
	$(BIN)/python -m bench $(if $(QUICK),--quick) $(ONLY)

bench-report: $(INSTALLED_BENCH)  ## write docs/benchmarks.md from the figures that are kept, measuring nothing
	$(BIN)/python -m bench --report

docs: $(INSTALLED)  ## build the site of the documentation in var/site, without a network
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --clean --strict

# --- checking it ---

test: $(INSTALLED)  ## all tests and docstring examples (PYTEST_ARGS=…)
	$(BIN)/python -m pytest $(PYTEST_ARGS)

fuzz: $(INSTALLED)  ## changed requests against a server of its own (CALLS=2000000)
	$(BIN)/python -m tests.fuzz $(or $(CALLS),2000000)

trial: $(INSTALLED)  ## users at work while parts are killed and stopped, the disk fills … (MINUTES=10 SEED=…)
	$(BIN)/python -m tests.trial $(or $(MINUTES),10) $(SEED)

coverage: $(INSTALLED)  ## the tests, with the lines and branches they miss
	$(BIN)/python -m pytest --cov --cov-report=term-missing $(PYTEST_ARGS)

test-lowest: $(INSTALLED_LOWEST)  ## the tests with the lowest versions that pyproject.toml allows
	$(LOWEST)/bin/python -m pytest $(PYTEST_ARGS)

check: lint style types imports generated web wheel  ## everything CI checks beside the tests

lint: $(INSTALLED)  ## check: ruff's rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

style: $(INSTALLED)  ## check: length of functions and modules
	$(BIN)/python -m tools.check_style

types: $(INSTALLED)  ## check: mypy, strict; pyright for what users write
	$(BIN)/mypy
	$(BIN)/pyright

imports: $(INSTALLED)  ## check: which part may import what
	$(BIN)/lint-imports --no-cache --no-logo

generated: $(INSTALLED)  ## check: generated code is what the payload declarations give
	$(BIN)/python -m tools.generate --check

web: $(INSTALLED)  ## check: the query page's types, and that its libraries are what their packages hold
	$(BIN)/python -m tools.web check

wheel: $(INSTALLED)  ## check: the wheel holds exactly the files of the tree
	$(BIN)/python -m tools.check_wheel

# --- changing it ---

generate: $(INSTALLED)  ## write the code that follows from the payload declarations
	$(BIN)/python -m tools.generate

format: $(INSTALLED)  ## format the code and mend what ruff can mend
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

clean:  ## remove .venv, caches and built files; data in var/ stay
	rm -rf $(VENV) $(LOWEST) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-data:  ## remove the data of the demo (DATA_DIR=…)
	rm -rf $(DATA_DIR)
