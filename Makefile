# Every target does its own set-up in .venv; it needs nothing but Python 3.11 or newer and make.
#
#   make demo     an order page merged from sixteen embedded databases
#   make centers  the member center and the order center as services, filled, on embedded databases
#   make test     all tests; they find or start a MySQL or MariaDB server by themselves
#   make unit     the tests that need no server (seconds)
#   make check    ruff, mypy, import-linter
#   make fuzz-writes  random writes with SELECTs between them, compared with one server after each
#   make fuzz     random SELECTs over every world, compared with one server; make fuzz ARGS="--count 20000 --seed 7"
#   make chaos    kills 500 processes and connections in their transactions: all or nothing (ARGS="--kills 50 --seed 3")
#   make chaos-keys  four processes, 200,000 generated ids each, through crashes and clock steps: no id twice
#   make docs     writes the generated pages and builds the site into build/site; every warning fails it
#   make chaos-cancel  cancels 1,000 tasks at random moments over each asyncio driver: nothing is left on the servers
#   make sqlalchemy-suite  SQLAlchemy's own dialect suite over shards, and through PyMySQL alone beside it
#   make bench    measures shardkit next to the bare driver
#   make fmt      formats the code and mends what ruff can mend
#   make clean    removes .venv and every cache
#
# ARGS goes to the program behind a target: make test ARGS="-k order", make demo ARGS="--orders FILE".

VENV := .venv
PY   := $(VENV)/bin/python
ARGS ?=

# The first Python on the path that is new enough. Override with: make test PYTHON=/path/to/python3.12
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$p"; break; }; done)

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUTF8 := 1

SERVERLESS := tests/unit tests/plan tests/property tests/architecture

.PHONY: help demo centers test unit check fuzz fuzz-writes chaos chaos-keys chaos-cancel sqlalchemy-suite bench docs fmt clean

help:
	@sed -n 's/^#   //p' Makefile

demo: $(VENV)/.ready-demo
	@$(PY) -m examples.demo $(ARGS)

centers: $(VENV)/.ready-examples
	@$(PY) -m examples.centers $(ARGS)

test: $(VENV)/.ready-dev
	$(PY) -m pytest -q $(ARGS)

unit: $(VENV)/.ready-dev
	$(PY) -m pytest -q -n 2 $(SERVERLESS) $(ARGS)

check: $(VENV)/.ready-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports --no-logo --no-cache

fuzz-writes: $(VENV)/.ready-dev
	@$(PY) -m tests.fuzz.write_main $(ARGS)

fuzz: $(VENV)/.ready-dev
	@$(PY) -m tests.fuzz $(ARGS)

chaos: $(VENV)/.ready-dev
	@$(PY) -m tests.integration.recovery $(ARGS)

# No id twice: four processes with 200,000 ids of each kind, through crashes and clock steps.
chaos-keys: $(VENV)/.ready-dev
	SHARDKIT_CHAOS_IDS=$${SHARDKIT_CHAOS_IDS:-200000} $(PY) -m pytest -q tests/integration/keys/test_processes.py $(ARGS)

chaos-cancel: $(VENV)/.ready-dev
	@$(PY) -m tests.integration.aio $(ARGS)

sqlalchemy-suite: $(VENV)/.ready-dev
	$(PY) -m tests.conformance.sqlalchemy_suite $(ARGS)

bench: $(VENV)/.ready-bench
	@$(PY) -m benchmarks $(ARGS)

docs: $(VENV)/.ready-dev
	$(PY) -m docs
	$(PY) -m sphinx --builder html --fail-on-warning --keep-going --quiet docs build/site

fmt: $(VENV)/.ready-dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up: one stamp for each set of dependencies, made again when pyproject.toml changes -------------------------

REQUIRES_demo  := .
REQUIRES_dev   := .[dev]
REQUIRES_bench := .[bench]
REQUIRES_examples := .[examples]

# mysqlclient is compiled against a C library: installed where that may be done, else said here, not by a compiler.
$(VENV)/.ready-dev: | c-library
.PHONY: c-library
c-library:
	@pkg-config --exists libmariadb 2>/dev/null || pkg-config --exists mysqlclient 2>/dev/null || \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && echo "installing libmariadb-dev ..." && \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		gcc pkg-config python3-dev libmariadb-dev >/dev/null; } || { \
		echo "the tests use mysqlclient, which is compiled against the C library of MariaDB or MySQL."; \
		echo "Debian, Ubuntu: apt-get install gcc pkg-config python3-dev libmariadb-dev"; exit 1; }

$(VENV)/.ready-%: pyproject.toml | $(PY)
	@echo "installing $(REQUIRES_$*) into $(VENV) ..."
	@$(PY) -m pip install --quiet --editable '$(REQUIRES_$*)'
	@touch $@

$(PY):
	@test -n "$(PYTHON)" || { \
		echo "shardkit needs Python 3.11 or newer, and none is on the path."; \
		echo "Debian, Ubuntu: apt-get install python3 python3-venv. Or: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments."; \
		echo "Debian, Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)
