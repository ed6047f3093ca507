# Plain `make` lists what there is. Every target sets up what it needs, in .venv.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip --disable-pip-version-check --quiet

.PHONY: help demo test check docs pictures bench bench-quick bench-sessions lock clean

help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one with: make PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@$(PIP) install --require-hashes -r requirements/build.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	@echo "Adding what the tests need ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	@echo "Adding what the benchmarks need ..."
	@$(PIP) install --require-hashes -r requirements/bench.txt
	@touch $@

demo: $(VENV)/.runtime ## Gateway, emulator and a tour on this machine
	@$(BIN)/cronofy-gateway demo $(ARGS)

test: $(VENV)/.dev ## Set up what the tests need and run them all
	@tests/ensure-programs
	@$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev ## Format, lint, types, import law, Dockerfile
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/mypy examples/flask-pycronofy/app.py examples/ticket-page/backend.py
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile

docs: $(VENV)/.dev ## Write the tables of docs/ anew from the code's own
	@$(BIN)/python -m tests.house.doc_tables
	@$(BIN)/python -m tests.house.engine_lists

pictures: $(VENV)/.dev ## Take the pictures of docs/ anew, in Chromium
	@tests/ensure-programs
	@$(BIN)/python -m tests.journeys.browser.screenshots

bench: $(VENV)/.bench ## Measure a proxied call beside its peers, in 40 minutes
	@bench/ensure-programs
	@$(BIN)/python -m bench.proxying

bench-quick: $(VENV)/.bench ## The same beside nginx and Envoy alone, in two minutes
	@bench/ensure-programs
	@$(BIN)/python -m bench.proxying --quick

bench-sessions: $(VENV)/.bench ## Measure sessions at scale on each store, in half an hour
	@tests/ensure-programs
	@$(BIN)/python -m bench.sessions $(ARGS)
	@$(BIN)/python -m bench.sessions report

lock: $(VENV)/.dev ## Resolve the dependencies anew into hashed requirement files
	@for part in runtime:"" dev:"--extra=dev" bench:"--extra=dev --extra=bench"; do \
	  $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	    --no-header $${part#*:} -o requirements/$${part%%:*}.txt pyproject.toml; \
	done
	@$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --no-header -c requirements/dev.txt -o requirements/build.txt requirements/build.in

clean: ## Remove what the other targets made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis node_modules dist bench/.cache bench/proxying/node/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
