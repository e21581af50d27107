# Every target sets up what it needs in .venv. On a machine with Python 3.11 or newer,
# `make docs` or `make test` in a fresh clone is all there is to do.

PYTHON ?= python3
# An index with other builds of torch, for example the CPU-only wheels.
TORCH_INDEX ?=
# SMOKE=1 runs experiments at toy size, in seconds.
SMOKE ?=
# The browser for `make test-site`.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)

NEEDS_CHROMIUM = test -n "$(CHROMIUM)" || { echo "No chromium found. Install it, or name it: make $@ CHROMIUM=/path/to/chromium"; exit 1; }

# More options for pytest, for example PYTEST=-x.
PYTEST ?=
# The environments of test-newest and test-lowest: the newest torch, and the lowest version of torch
# and of every library that pyproject.toml allows.
NEWEST_PYTHON ?= python3.13
LOWEST_PYTHON ?= python3.11
# The environment of test-interop and bench-peers.
INTEROP_VENV ?= .venv-interop
# What uv installs: lowest-direct for the lowest versions. If empty, pip installs the newest.
RESOLUTION ?=

VENV := .venv
BIN := $(VENV)/bin
export NO_MKDOCS_2_WARNING := 1
# MkDocs keeps inventories for a day by their name, ours too: without a fresh cache, a name that was
# just added to them would not be found. With one thread, pages are the same for any number of cores,
# and several builds at a time do not slow each other down.
MKDOCS = rm -rf $(VENV)/cache && XDG_CACHE_HOME="$(CURDIR)/$(VENV)/cache" OMP_NUM_THREADS=1 $(BIN)/python -m mkdocs

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help setup docs docs-version named-version docs-zensical serve test test-all test-newest test-lowest test-interop test-surroundings test-aarch64 \
  support wheel screenshots sanitize test-site bench bench-all bench-peers bench-smoke experiments report lint format clean FORCE

help: ## Show this help
	@echo "usage: make TARGET"
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: $(VENV)/.has-dev ## Install everything for development into .venv
	@test ! -d .git || $(BIN)/pre-commit install

docs: report ## Build the documentation into site/; a broken link or example is an error
	$(MKDOCS) build --strict
	@echo "The site is built: open $(CURDIR)/site/index.html, or run 'make serve'."

serve: report ## Build the documentation and serve it, rebuilding on change
	$(MKDOCS) serve

# The content that a long check has passed with is stored: .ci/run leaves it out until that changes.
# If PYTEST has other options, which may choose tests, nothing is stored.
HAS_PASSED = $(if $(filter-out --no-skips --slow --sample --cases=1,$(PYTEST)),true,test ! -d .git || { mkdir -p .ci/passed && bash .ci/content $@ >.ci/passed/$@; })

# One process for each core, with one thread each.
RUN_TESTS = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadgroup

test: $(VENV)/.has-test ## Run the quick suite: some cases of each test that is not slow
	$(RUN_TESTS) --sample $(PYTEST)

test-all: $(VENV)/.has-test ## Run the tests with all their cases
	$(RUN_TESTS) $(PYTEST)

test-newest: ## Run the quick suite with the newest torch, on NEWEST_PYTHON
	$(MAKE) test VENV=.venv-newest PYTHON=$(NEWEST_PYTHON)

test-lowest: ## Run the quick suite with the lowest versions that are supported, on LOWEST_PYTHON
	$(MAKE) test VENV=.venv-lowest PYTHON=$(LOWEST_PYTHON) RESOLUTION=lowest-direct

test-interop: ## Compare weights and outputs with Keras, TensorFlow and Flax, in INTEROP_VENV
	$(MAKE) VENV=$(INTEROP_VENV) $(INTEROP_VENV)/.has-frameworks
	mkdir -p build
	$(INTEROP_VENV)/bin/python tests/frameworks/write.py build/vectors.npz
	FRAMEWORK_VECTORS=build/vectors.npz $(INTEROP_VENV)/bin/python -m pytest \
	  tests/frameworks/parity.py tests/test_frameworks.py $(PYTEST)
	$(INTEROP_VENV)/bin/python -m experiments.benchmarks.peers --smoke
	@$(HAS_PASSED)

test-surroundings: ## Run test and docs on bare machines: no data, no compiler, one core (SHORT=1: less)
	$(PYTHON) tests/surroundings.py $(if $(filter-out 0,$(SHORT)),--short)

test-aarch64: ## Run the CPU kernels' tests on emulated AArch64 (needs root, see tests/aarch64.py)
	$(PYTHON) tests/aarch64.py -- --cases=2 $(PYTEST)

support: ## Run the suite on all supported pairs and write the README's table of them
	$(MAKE) test PYTEST=--record=default
	$(MAKE) test-newest PYTEST=--record=newest
	$(MAKE) test-lowest PYTEST=--record=lowest
	$(BIN)/python -m tests.support

wheel: $(VENV)/.has-wheel ## Build sdist and wheel into dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .

test-site: docs $(VENV)/.has-site ## Check the built documentation in a browser (needs chromium)
	@$(NEEDS_CHROMIUM)
	CHROMIUM="$(CHROMIUM)" OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 4 --override-ini addopts= site_tests $(PYTEST)

# Pages of several versions, with a menu to choose one: VERSION=0.2 ALIASES=latest.
docs-version: named-version report $(VENV)/.has-release ## Commit the documentation as VERSION to the local branch gh-pages
	rm -rf $(VENV)/cache && XDG_CACHE_HOME="$(CURDIR)/$(VENV)/cache" PATH="$(CURDIR)/$(BIN):$$PATH" \
	  $(BIN)/mike deploy --update-aliases $(VERSION) $(ALIASES)

named-version:
	@test -n "$(VERSION)" && test -n "$(SITE_URL)" || { echo "Name the version and the address of the site: make docs-version VERSION=0.2 ALIASES=latest SITE_URL=https://..."; exit 1; }

# Zensical runs no hooks: the pages of the experiments are copied to where a hook of MkDocs has them.
docs-zensical: report $(VENV)/.has-zensical ## Build the documentation with Zensical into build/zensical/site
	rm -rf build/zensical
	mkdir -p build/zensical
	cp -r *.md *.cff LICENSE mkdocs.yml pyproject.toml docs experiments lstm_variants tests build/zensical
	cp docs/generated/pages/*.md build/zensical/docs/results
	cd build/zensical && "$(CURDIR)/$(BIN)/python" -m zensical build

screenshots: docs $(VENV)/.has-site ## Take the pictures of the README from the built documentation
	@$(NEEDS_CHROMIUM)
	CHROMIUM="$(CHROMIUM)" $(BIN)/python -m site_tests.screenshots

# GCC 12 aligns frames in the memory for stack-use-after-return to less than a vector of AVX-512.
sanitize: $(VENV)/.has-test ## Run the CPU kernels' tests with checks of memory and undefined behaviour
	cmake -S . -B build/sanitize -DCMAKE_BUILD_TYPE=Release -DSANITIZE=address,undefined
	cmake --build build/sanitize --parallel 2
	ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0 LD_PRELOAD="$$($(CXX) -print-file-name=libasan.so) $$($(CXX) -print-file-name=libubsan.so)" \
	  $(BIN)/python -m pytest -n 2 --capture=no tests/test_cpu_exactness.py tests/test_cpu_masks.py tests/test_cpu_module.py tests/test_cpu_ragged.py tests/test_cpu_bfloat16.py tests/test_cpu_strange_numbers.py -k "(not every_shape or float32) and not compiled and not exported" \
	  --kernels build/sanitize/lstm_variants_kernels.so $(PYTEST)
	@$(HAS_PASSED)

bench: $(VENV)/.has-bench ## Time the main layers against torch.nn on this machine, in 4 minutes; writes nothing
	$(BIN)/python -m experiments.benchmarks.quick

bench-all: $(VENV)/.has-bench ## Time all variants; a stopped run continues; writes experiments/benchmarks/bench-*.json
	$(BIN)/python -m experiments.benchmarks
	$(BIN)/python -m experiments.benchmarks.summary

bench-peers: ## Time other implementations of the same cells, in INTEROP_VENV; writes experiments/benchmarks/peers.json
	$(MAKE) VENV=$(INTEROP_VENV) $(INTEROP_VENV)/.has-frameworks
	$(INTEROP_VENV)/bin/python -m experiments.benchmarks.peers

bench-smoke: $(VENV)/.has-bench ## The smallest sizes of bench and bench-all, in seconds; writes nothing
	$(BIN)/python -m experiments.benchmarks.quick --smoke
	$(BIN)/python -m experiments.benchmarks --smoke

experiments: $(VENV)/.has-experiments ## Run every experiment (SMOKE=1: in seconds, writes nothing)
	$(BIN)/python -m experiments all $(if $(filter-out 0,$(SMOKE)),--smoke)

report: $(VENV)/.has-docs ## Make tables and figures for the documentation from the stored results
	OMP_NUM_THREADS=1 $(BIN)/python -m experiments.report

lint: $(VENV)/.has-dev ## Check style and types
	$(BIN)/ruff check --output-format concise .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.has-dev ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## Remove everything that was built, .venv included
	rm -rf .venv .venv-newest .venv-lowest .venv-interop site docs/generated docs/.generated-* build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .benchmarks .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

# One marker per extra: nothing is reinstalled until pyproject.toml, the kernels or the list of modules
# change, which an editable installation holds. A marker is as old as the begin of its installation. The
# extra dev holds all others but frameworks, lowest, release, site and zensical; those that it holds
# need no installation of their own.
MODULES = $(VENV)/.modules
KERNELS := CMakeLists.txt $(wildcard lstm_variants/kernels/cpu/source/*)
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV = $(BIN)/python -m uv pip install --quiet --resolution $(RESOLUTION) --index-strategy unsafe-best-match
INSTALL = $(if $(RESOLUTION),$(UV),$(PIP)) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -e '.[$*]'

$(VENV)/.has-%: pyproject.toml $(KERNELS) $(MODULES) | $(BIN)/python
	@touch $@.new
	@if [ -z "$(filter dev frameworks release site zensical,$*)" ] && [ -e $(VENV)/.has-dev ] \
	  && [ -z "$$(find $^ -newer $(VENV)/.has-dev)" ]; then :; \
	else echo "$(INSTALL)"; $(INSTALL); fi
	@mv $@.new $@

$(MODULES): FORCE | $(BIN)/python
	@find lstm_variants -name '*.py' | LC_ALL=C sort | cmp -s - $@ || find lstm_variants -name '*.py' | LC_ALL=C sort >$@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another one: make PYTHON=python3.12 ..."; exit 1; }
	@rm -f $(VENV)/.has-* $(MODULES)
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Could not create a virtual environment with $(PYTHON); on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(if $(RESOLUTION),@$(PIP) '$(shell sed -nE 's/^lowest = \["(uv[^"]*)"\]/\1/p' pyproject.toml)')
