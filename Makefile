# Everything sets itself up: a bare Debian 12 with python3, python3-venv and make is enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test test-long lint bench traffic lock clean

demo: $(VENV)/.run        ## serve the exercise (ARGS=--once runs it headless to its end)
	$(BIN)/wideberth demo $(ARGS)

test: $(VENV)/.dev .venv-taky/.ok ## the test suite
	$(BIN)/pytest $(ARGS)

test-long: $(VENV)/.dev .venv-taky/.ok ## the same with the long fault rounds and simulations
	WIDEBERTH_LONG=1 $(BIN)/pytest $(ARGS)

lint: $(VENV)/.dev        ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.bench     ## every figure beside its peers (ARGS=--quick for under 5 minutes)
	$(BIN)/python -m bench $(ARGS)

traffic: .venv-traffic/.ok $(VENV)/.dev ## plan 238 recorded flights as four parties and compare with what happened
	$(BIN)/python -m bench.recorded $(ARGS)
	for sample in quickstart switzerland; do \
	  .venv-traffic/bin/python bench/traffic_export.py bench/out/$$sample.parquet $$sample || exit 1; done

lock:                     ## write the hashed requirement files anew (needs uv)
	for f in build run dev bench traffic taky; do uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-annotate --no-header --no-emit-index-url --no-emit-find-links requirements/$$f.in -o requirements/$$f.txt; done

$(VENV)/.base: requirements/build.txt requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.run: $(VENV)/.base
	touch $@

$(VENV)/.dev: $(VENV)/.base requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	$(PIP) install --require-hashes -r requirements/bench.txt
	touch $@

.venv-traffic/.ok: requirements/traffic.txt
	test -x .venv-traffic/bin/python || $(PYTHON) -m venv .venv-traffic
	.venv-traffic/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/traffic.txt
	touch $@

# a TAK server that the tests send through; it wants older tools than ours
.venv-taky/.ok: requirements/taky.txt
	test -x .venv-taky/bin/python || $(PYTHON) -m venv .venv-taky
	.venv-taky/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/taky.txt
	touch $@

clean:                    ## remove what the targets above made
	rm -rf $(VENV) .venv-traffic .venv-taky .mypy_cache .ruff_cache bench/out
