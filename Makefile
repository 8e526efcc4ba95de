# Two commands do everything, set-up included: `make repro` and `make test`.
PYTHON ?= python3
VENV := .venv
PEERS := .bench-packages
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help setup repro studies paper test lint verify readme bench lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' Makefile

##@ Run it
setup: $(VENV)/installed  ## Make the environment, .venv

repro: $(VENV)/installed  ## Set up, then run every stage that is out of date, ablation included
	dvc repro

studies: $(VENV)/installed  ## Set up, then run every study that is out of date
	dvc repro studies/dvc.yaml

paper: $(VENV)/installed  ## Set up, then run the studies of the paper's claims, of its other figures and of Table 1
	dvc repro $(foreach name,claims figures paper percentiles table1,studies/dvc.yaml:conclude@$(name))

##@ Check it
test: lint  ## Set up, lint, check types and run the tests
	pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed  ## Check formatting, style and types
	ruff format --check .
	ruff check .
	mypy

##@ Prove it
verify: $(VENV)/installed  ## Rerun the committed pipeline in a temporary clone and compare every output with dvc.lock
	python tools/verify.py

# BENCH="--patience 1200" and the like are handed on; BENCH=--help lists them.
bench: $(VENV)/installed $(PEERS)/installed  ## Time the training beside its peers (35 minutes, on an idle machine)
	dvc repro download
	PYTHONPATH=src:benchmarks:$(PEERS) python benchmarks/bench.py $(BENCH)

# Beside the environment, not in it: nothing but the benchmark may depend on the peers. What they
# import beyond these packages the environment has.
$(PEERS)/installed: benchmarks/requirements.txt | $(VENV)/installed
	rm -rf $(PEERS)
	python -m pip install --quiet --disable-pip-version-check --no-deps --target $(PEERS) -r $<
	@touch $@

# uv takes a third of pip's time. The lock is complete: --no-deps keeps it from resolving again. Each stage
# is a new process: without bytecode its imports take twice as long, where Python may not write any. The
# project itself is installed for `aae`; stages run the library beside them.
$(VENV)/installed: requirements.lock pyproject.toml
	@test -e .git || { echo "DVC needs git, and a ZIP has none of it: take a git clone, or first run git init && git add . && git commit -m start" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	$(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python --no-deps -r requirements.lock --editable .
	@touch $@

##@ Keep it
lock: $(VENV)/installed  ## Pin the newest versions that pyproject.toml allows
	uv pip compile --universal --python-version 3.11 --all-extras --group dev --no-header --no-annotate \
		--upgrade pyproject.toml -o requirements.lock

readme: $(VENV)/installed  ## Write the numbers of metrics/ and benchmarks/results/ into README.md and docs/
	python tools/readme.py
	python tools/priors.py

clean:  ## Remove the environment and the tools' caches; data and DVC's cache stay
	rm -rf $(VENV) $(PEERS) .hypothesis .mypy_cache .pytest_cache .ruff_cache
