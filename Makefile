# make chat   sets everything up and opens the chat
# make test   sets everything up and passes every check
# make bench  measures how fast it is, and writes it into docs/performance.md
# make attack runs every attack of tests/attacks in full
#
# PYTHON        the Python to use (3.11 or later)
# TORCH_INDEX   a package index to take PyTorch from, such as PyTorch's own index of CPU builds
# BENCH         a folder of question sets, for all of make bench
# KEEP          a folder for what make bench builds of it, to be used again
# ARGS          options for the chat, such as ARGS="--document my-notes.txt"

PYTHON ?= python3
TORCH_INDEX ?=
BENCH ?=
KEEP ?=
ARGS ?=

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help chat test check format bench attack constraints clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p; /^$$/q' Makefile

chat: .venv/.installed
	@$(BIN)/inquote chat $(ARGS)

test: .venv/.installed-for-tests
	@tests/install-browser.sh
	@$(MAKE) --no-print-directory check

check: .venv/.installed-for-tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses 2 --dist loadfile

format: .venv/.installed-for-tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.installed-for-tests
	$(BIN)/python -m benchmarks --write $(if $(BENCH),--bench "$(BENCH)") $(if $(KEEP),--keep "$(KEEP)")

attack: .venv/.installed-for-tests
	$(BIN)/python -m tests.attacks $(ARGS)

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("inquote needs Python 3.11 or later: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing inquote into .venv (once; a minute or more) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@if [ -n "$(TORCH_INDEX)" ]; then $(INSTALL) --no-deps torch --index-url "$(TORCH_INDEX)"; fi
	@$(INSTALL) --editable .
	@touch $@

.venv/.installed-for-tests: .venv/.installed
	@$(INSTALL) --group dev
	@touch $@

# Writes down what is installed now. PyTorch is left out: its builds differ by machine.
constraints: .venv/.installed-for-tests
	$(BIN)/python -m pip freeze --exclude-editable | grep -viE '^(torch|nvidia-|triton|cuda-)' > constraints.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
