# Kintsugi. `make` alone lists what can be done.
# A machine with python3 >= 3.11 and its venv module is enough; everything else is set up here.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= auto
# Where a machine forbids bytecode, each process compiles some 3,000 modules anew, for 8 s and more.
unexport PYTHONDONTWRITEBYTECODE
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-annotate

##@ Use it
.PHONY: setup demo run
setup: $(READY) browser ## Install everything into .venv; quick when nothing changed

demo: $(READY) ## Import the demo files and serve them; ONCE=1 stops after the report
	@$(BIN)/kintsugi demo $(if $(ONCE),--once)

run: $(READY) ## Start database, web and jobs on your own data (Ctrl-C ends all)
	@$(BIN)/kintsugi up

##@ Change it
.PHONY: test check fix journeys crash bench bench-quality fuzz machine docs reference lock
test: setup ## Run all tests in parallel; ARGS="tests/engine -k dates" narrows them
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

journeys: setup ## The long browser journeys in both languages; `make test` makes each in one
	KINTSUGI_JOURNEYS=1 $(BIN)/pytest -n $(WORKERS) --dist loadgroup tests/browser $(ARGS)

check: $(READY) ## Formatting, lint, types, layers, migrations, dependencies, translations, docs
	@failed=""
	step() { local name="$$1"; shift; echo "== $$name"; "$$@" || failed="$$failed $$name"; }
	step format       $(BIN)/ruff format --check .
	step lint         $(BIN)/ruff check .
	step types        $(BIN)/mypy --strict src
	step layers       $(BIN)/lint-imports --no-cache
	step migrations   $(BIN)/kintsugi manage makemigrations --check --dry-run
	step dependencies $(BIN)/python -m tools.dependencies
	step translations $(BIN)/python -m tools.translations --check
	step docs         $(MAKE) --no-print-directory docs
	if [ -n "$$failed" ]; then echo "make check: failed:$$failed"; exit 1; fi
	echo "make check: all passed"

fix: $(READY) ## Repair what can be repaired by itself: format, lint, translations, reference
	@$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python -m tools.translations
	$(BIN)/python -m tools.reference

bench: $(READY) ## Measure the import against a bare COPY, in one run
	@$(BIN)/python -m bench $(ARGS)

crash: $(READY) ## Kill an import and its rollback at 50 random points each; the end is as if nothing happened
	KINTSUGI_LOAD_KILLS=$${KILLS:-50} KINTSUGI_ROLLBACK_KILLS=$${KILLS:-50} $(BIN)/python -m pytest -q -s -n 0 -k random_points tests/onboarding/test_load_interrupted.py tests/onboarding/test_rollback_interrupted.py

bench-quality: $(READY) ## Measure the engine against public truths: DATA=folder; writes docs/reference/quality.md
	@test -n "$(DATA)" || { echo "Say where the public data sets are: make bench-quality DATA=folder"; exit 2; }
	$(BIN)/python -m bench.quality "$(DATA)"

fuzz: $(READY) ## Mutated files for every reader: SECONDS_EACH=600, SEED=1
	@$(BIN)/python -m bench.fuzz all $${SECONDS_EACH:-600} --seed $${SEED:-1}

docs: $(READY) ## Build the documentation site into site/
	@# Not --quiet: that silences the warnings --strict counts.
	said=$$(NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir site 2>&1) || { echo "$$said"; exit 1; }
	echo "documentation: site/index.html"

machine: $(READY) ## Random sequences of stock and sales commands against a model: 2,000 runs, about an hour
	@KINTSUGI_MACHINE_PARTS=$${PARTS:-8} KINTSUGI_MACHINE_RUNS=$${RUNS:-250} $(BIN)/pytest -n 2 --dist load -rP tests/scenarios/test_trade_machine.py

reference: $(READY) ## Write docs/reference from contracts, rules, commands and API
	@$(BIN)/python -m tools.reference

lock: $(BIN)/uv ## Lock the dependencies of pyproject.toml again
	@$(LOCK) $(ARGS) pyproject.toml --output-file requirements/runtime.txt
	$(LOCK) $(ARGS) pyproject.toml --extra dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
	$(LOCK) $(ARGS) pyproject.toml --extra sqlserver --extra oracle --constraint requirements/runtime.txt --output-file requirements/databases.txt
	echo uv | $(LOCK) $(ARGS) - --output-file requirements/bootstrap.txt

##@ Help
.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
	  /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	  /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- how set-up works ---------------------------------------------------------------------
$(BIN)/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
	  echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make setup PYTHON=python3.12"; exit 1; }
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || {
	  echo "python3 cannot create a venv. On Debian: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	touch $@

$(READY): $(BIN)/uv requirements/dev.txt pyproject.toml
	@echo "installing Python packages into $(VENV)"
	export VIRTUAL_ENV="$(CURDIR)/$(VENV)"
	$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --no-deps --editable .
	touch $@

.PHONY: browser
browser:
	@bash tools/browser.sh
