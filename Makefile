# Two commands matter: `make demo` and `make test`. Both do all their set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
BENCH := $(VENV)/bench
PEERS := mlflow logfire whylogs
DRIFT_PEERS := evidently nannyml frouros whylogs river
ARGS ?=
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.10 --no-annotate \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(LOCKFLAGS)

# A slow mirror is waited for: both give up a file after seconds by default.
export UV_HTTP_TIMEOUT ?= 300
export PIP_DEFAULT_TIMEOUT ?= 60

.PHONY: demo test lint lock generate backends bench clean
.DELETE_ON_ERROR:

$(UV): requirements/uv.txt
	@echo "==> creating $(VENV) and installing uv"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements/uv.txt
	@touch $@

# The package is installed without its dependencies: those come hash-checked from the lock file.
$(VENV)/.%.stamp: requirements/%.txt pyproject.toml $(UV)
	@echo "==> installing requirements/$*.txt"
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes --requirement requirements/$*.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

# Only files of these packages are read: what they need to run stays out.
$(VENV)/.series.stamp: requirements/series.txt $(UV)
	@echo "==> installing requirements/series.txt"
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --require-hashes --requirement requirements/series.txt
	@touch $@

demo: $(VENV)/.demo.stamp ## serve a real model on real data with full telemetry, and watch it
	$(BIN)/python -m examples.flights.demo $(ARGS)

test: $(VENV)/.test.stamp $(VENV)/.series.stamp backends lint ## everything, through the real backends where Go is present
	@echo "==> running the tests"
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test.stamp
	@echo "==> checking style and types"
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

backends: ## build the real Collector, Jaeger, Prometheus and Loki into the user's cache
	@$(PYTHON) collector-config/backends/build.py

# Peers get an environment of their own, apart from the tests', and are compared if they install.
$(BENCH)/.stamp: requirements/demo.txt $(PEERS:%=requirements/bench-%.txt) pyproject.toml $(UV)
	@echo "==> installing what is compared into $(BENCH)"
	$(UV) venv --quiet --clear --python $(BIN)/python $(BENCH)
	$(UV) pip install --quiet --python $(BENCH)/bin/python --require-hashes --requirement requirements/demo.txt
	$(UV) pip install --quiet --python $(BENCH)/bin/python --no-deps --no-build-isolation --editable .
	@for peer in $(PEERS); do \
	  $(UV) pip install --quiet --python $(BENCH)/bin/python --require-hashes --requirement requirements/bench-$$peer.txt || \
	  echo "==> $$peer does not install, and is left out"; done
	@touch $@

# No one environment has room for all peers of drift: each pins what another one cannot have.
$(DRIFT_PEERS:%=$(BENCH)-drift/%.stamp): $(BENCH)-drift/%.stamp: requirements/bench-drift-%.txt $(UV)
	@echo "==> installing $* into $(BENCH)-drift/$*"
	@$(UV) venv --quiet --clear --python $(BIN)/python $(BENCH)-drift/$* && \
	$(UV) pip install --quiet --python $(BENCH)-drift/$*/bin/python --require-hashes --requirement requirements/bench-drift-$*.txt || \
	{ rm -rf $(BENCH)-drift/$*; mkdir -p $(BENCH)-drift; echo "==> $* does not install, and is left out"; }
	@touch $@

bench: $(BENCH)/.stamp $(DRIFT_PEERS:%=$(BENCH)-drift/%.stamp) ## compare cost side by side; ARGS=--update writes the figures into docs/performance.md
	$(BENCH)/bin/python -m benchmarks $(ARGS)

generate: $(VENV)/.test.stamp ## write the files that are generated from others
	$(BIN)/python -m tests.tools.semconv
	$(BIN)/python -m tests.tools.config_table
	$(BIN)/python -m tests.tools.volume_tables

lock: $(UV) ## pin every requirement by hash
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) pyproject.toml --all-extras requirements/test.in -o requirements/test.txt
	$(COMPILE) -c requirements/test.txt pyproject.toml --extra tools requirements/demo.in -o requirements/demo.txt
	$(COMPILE) --no-deps requirements/series.in -o requirements/series.txt
	for peer in $(PEERS); do \
	  $(COMPILE) -c requirements/test.txt requirements/bench-$$peer.in -o requirements/bench-$$peer.txt || exit 1; done
	for peer in $(DRIFT_PEERS); do \
	  $(COMPILE) requirements/bench-drift-$$peer.in -o requirements/bench-drift-$$peer.txt || exit 1; done

clean:
	rm -rf $(VENV) dist
