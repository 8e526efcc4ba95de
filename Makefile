# Two commands do everything, set-up included: `make repro` and `make test`.
PYTHON ?= python3
VENV := .venv
PEERS := .bench-packages
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help repro studies paper sweep test lint verify chaos readme bench lock clean

help:  ## List the targets
	@awk -F ':.*## ' '/^##@/ {print "\n" substr($$0, 5)} /^[a-z]+:.*## / {printf "  %-9s %s\n", $$1, $$2}' Makefile

##@ Run it
repro: $(VENV)/installed  ## Set up, then run every stage that is out of date, ablation included
	python tools/mend.py
	dvc repro

studies: $(VENV)/installed  ## Set up, then run every study that is out of date
	python tools/mend.py
	dvc repro --recursive studies

paper: $(VENV)/installed  ## Set up, then run the studies of the paper's claims, of its other figures and of Table 1
	python tools/mend.py
	dvc repro studies/claims/dvc.yaml studies/figures/dvc.yaml studies/table1/dvc.yaml

# SWEEP="noise --workers 4" and the like are handed on; SWEEP=--help lists them (docs/sweep.md).
sweep: $(VENV)/installed-sweep  ## Set up, then run the missing cells of a grid side by side, here or on a cluster
	python tools/mend.py
	python -m aae.sweep $(SWEEP)

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

chaos: $(VENV)/installed  ## Kill dvc repro 50 times at random moments and compare the results (Linux)
	python tools/chaos.py

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
# project itself is installed for `python -m aae.score`; stages run the library beside them.
$(VENV)/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	$(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python --no-deps -r requirements.lock --editable .
	@touch $@

# Beside the lock, not in it: Dask, and what DVC needs for S3.
$(VENV)/installed-sweep: requirements-sweep.lock $(VENV)/installed
	uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python --no-deps -r $<
	@touch $@

##@ Keep it
# The second lock lists only what the extra needs beyond the first.
lock: $(VENV)/installed  ## Pin the newest versions that pyproject.toml allows
	uv pip compile --universal --python-version 3.11 --group dev --no-header --no-annotate \
		--upgrade pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --group dev --group sweep --extra sweep --no-header \
		--no-annotate --constraint requirements.lock --upgrade pyproject.toml \
		| grep --invert-match --line-regexp --fixed-strings --file requirements.lock > requirements-sweep.lock

readme: $(VENV)/installed  ## Write the numbers of metrics/ and benchmarks/results/ into README.md and docs/
	python tools/readme.py
	python tools/priors.py

clean:  ## Remove the environment and the tools' caches; data and DVC's cache stay
	rm -rf $(VENV) $(PEERS) .hypothesis .mypy_cache .pytest_cache .ruff_cache
