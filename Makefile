# Every target brings what it needs on a machine with only python3 and make.
# Package indexes come from the machine's own configuration; no address stands here.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := node coordinator audit sim dev
# The stamp is named after what decides the environment: another lock is another name, so it is never stale.
FINGERPRINT := $(shell cat requirements/dev.txt pyproject.toml tools/bootstrap.sh | sha256sum | cut -c1-16)
STAMP := $(VENV)/ready-$(FINGERPRINT)
WORKERS ?= $(shell nproc)
ARGS ?=
# Each worker of the tests is one thread: linear algebra that takes all cores fights with the others.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo test check format bench nightly lock clean env

help: ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

env: ## make the virtual environment, if it is not there or the lock changed
	@test -e $(STAMP) -a -x $(BIN)/python || tools/bootstrap.sh $(VENV) $(STAMP)

demo: env ## run the main job with real processes
	@$(BIN)/python -m simulations.demo $(ARGS)

test: env ## run the whole test suite
	@$(BIN)/python -m pytest -n $(WORKERS) -m "not nightly" $(ARGS)

check: env ## lint, types and docs (not the tests)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/docs -p no:randomly

format: env ## format the code and mend what the linter can mend
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: env ## ratios against a peer: make bench ARGS="--only NAME --json FILE"
	@$(BIN)/python -m simulations.benchmarks $(ARGS)

nightly: env ## the slow campaigns
	@$(BIN)/python -m pytest -n $(WORKERS) -m nightly $(ARGS)

lock: env ## resolve the newest versions that fit into requirements/*.txt (make lock ARGS=--upgrade)
	@for extra in $(EXTRAS); do \
	  $(BIN)/uv pip compile pyproject.toml --extra $$extra --constraints requirements/constraints.in \
	    $$(test $$extra = dev || echo --constraints requirements/dev.txt) \
	    --generate-hashes --python-version 3.11 --universal --no-emit-package samenzicht --quiet \
	    --custom-compile-command 'make lock' $(ARGS) --output-file requirements/$$extra.txt; \
	done

clean: ## remove what these targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
