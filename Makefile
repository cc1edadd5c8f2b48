# Leadmill: every command bootstraps its own locked environment in .venv (Python 3.11+ and make are enough).
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
STAMP := $(VENV)/installed
LEADMILL_HOME ?= data
override LEADMILL_HOME := $(abspath $(LEADMILL_HOME))
export LEADMILL_HOME
ifneq ($(words $(CURDIR) $(LEADMILL_HOME)),2)
$(error The paths of this checkout and of LEADMILL_HOME must not contain spaces)
endif
export UV_PYTHON_DOWNLOADS := never
# Companies' proxies have certificates of their own.
export UV_SYSTEM_CERTS := true

SAMPLE := $(LEADMILL_HOME)/sample
LEADMILL_SOURCES ?= $(SAMPLE)/sources.yml
override LEADMILL_SOURCES := $(abspath $(LEADMILL_SOURCES))
export LEADMILL_SOURCES
# The moment `make run` speaks of: the end of the sample company's history; with your own sources, now.
AS_OF ?= $(shell if test $(LEADMILL_SOURCES) = $(SAMPLE)/sources.yml; then \
	sed -n 's/.*"as_of": *"\([^"]*\)".*/\1/p' $(SAMPLE)/simulation.json; else date -u +%Y-%m-%dT%H:%M:%S+00:00; fi)

export AIRFLOW_HOME ?= $(LEADMILL_HOME)/airflow
export AIRFLOW__CORE__DAGS_FOLDER := $(CURDIR)/dags
export AIRFLOW__CORE__LOAD_EXAMPLES := False
export AIRFLOW__API__HOST := 127.0.0.1
export AIRFLOW__API__PORT ?= 8080
AIRFLOW_URL := http://127.0.0.1:$(AIRFLOW__API__PORT)
export AIRFLOW__CORE__EXECUTION_API_SERVER_URL := $(AIRFLOW_URL)/execution/
AIRFLOW_READY := $(AIRFLOW_HOME)/ready
export GX_ANALYTICS_ENABLED := False

.PHONY: help install lock run test up down lint bench bench-kpi bench-identity bench-collector bench-ingestion faults malformed docs identity-quality
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: $(STAMP) sample $(AIRFLOW_READY) ## load, build, check and publish through Airflow; the sample company first
	@echo "● nightly DAG, in-process"
	@AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR $(BIN)/airflow dags test nightly "$(AS_OF)"
	@$(BIN)/leadmill kpi

.PHONY: sample
ifeq ($(LEADMILL_SOURCES),$(SAMPLE)/sources.yml)
sample: $(SAMPLE)/sources.yml
endif

$(SAMPLE)/sources.yml: | $(STAMP)
	@echo "● sample company's raw exports"
	@rm -rf $(SAMPLE).partial
	@$(BIN)/leadmill simulate --out $(SAMPLE).partial
	@mv $(SAMPLE).partial $(SAMPLE)

# Anew after each change of the environment: a newer Airflow migrates its database.
$(AIRFLOW_READY): $(STAMP)
	@echo "● Airflow's own database"
	@AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR $(BIN)/airflow db migrate > /dev/null
	@AIRFLOW__LOGGING__LOGGING_LEVEL=ERROR $(BIN)/airflow pools set warehouse 1 "one writer to the warehouse" > /dev/null
	@touch $@

test: $(STAMP) ## all tests
	@$(BIN)/pytest -n 2 --dist loadgroup

up: down sample $(AIRFLOW_READY) ## Airflow on loopback, in the background
	@# Not `airflow standalone`: it serves log files on all interfaces. The API server reads them from the disk.
	@for process in "scheduler --skip-serve-logs" dag-processor api-server; do \
		setsid $(BIN)/airflow $$process >> $(AIRFLOW_HOME)/up.log 2>&1 & echo $$! >> $(AIRFLOW_HOME)/up.pids; \
	done
	@echo "● Airflow is starting …"; \
	for second in $$(seq 120); do \
		$(BIN)/python -c "import urllib.request as r; r.urlopen('$(AIRFLOW_URL)/api/v2/monitor/health')" 2> /dev/null && exit; sleep 1; \
	done; tail -n 20 $(AIRFLOW_HOME)/up.log; echo "Airflow did not start (all of it: $(AIRFLOW_HOME)/up.log)"; exit 1
	@echo "Airflow: $(AIRFLOW_URL)   user and password: $(AIRFLOW_HOME)/simple_auth_manager_passwords.json.generated"
	@echo "Next: unpause the DAG nightly there. Stop with: make down"

down: ## stop what `make up` started
	@# A process number may be another's by now: only what is Airflow's own is stopped.
	@for process in $$(cat $(AIRFLOW_HOME)/up.pids 2> /dev/null); do \
		if grep -qs airflow /proc/$$process/cmdline; then kill $$process; fi; \
	done
	@rm -f $(AIRFLOW_HOME)/up.pids

lint: $(STAMP) ## ruff, mypy, sqlfluff
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@mkdir -p $(LEADMILL_HOME)/dbt
	@DBT_TARGET_PATH=$(LEADMILL_HOME)/dbt/lint DBT_LOG_PATH=$(LEADMILL_HOME)/dbt/logs \
		$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests --processes 2 --disable-progress-bar

.PHONY: tracker
TRACKER := serving/collector/tracker
tracker: ## short form of the browser snippet, after a change of its source (needs Node.js)
	@{ printf '// %s\n' "$$(sha256sum $(TRACKER).source.js | cut -c -8)"; \
	npx --yes terser@5.51.2 $(TRACKER).source.js --ecma 2019 --mangle toplevel --compress passes=3,unsafe_arrows,unsafe; } > $(TRACKER).js

bench: $(STAMP) ## cost of each step beside bare DuckDB
	@$(BIN)/python -m benchmarks.nightly

bench-kpi: $(STAMP) ## cost of the KPI values at 10 M events and 1 M leads beside plain SQL (after `make run`)
	@$(BIN)/python -m benchmarks.kpi_marts --home $(LEADMILL_HOME)

bench-identity: $(STAMP) ## cost of resolving 10 M records beside Splink and scipy
	@$(BIN)/python -m benchmarks.identity_scale --out docs/identity_scale.md

bench-collector: $(STAMP) ## events a second of the collector on one core
	@$(BIN)/python -m benchmarks.collector

bench-ingestion: $(STAMP) ## events from files into raw, beside bare DuckDB and dlt
	@$(BIN)/python -m benchmarks.ingestion

faults: $(STAMP) ## kill -9 of every step of the ingestion at 200 random moments
	@$(BIN)/python -m tests.faults --kills 200

malformed: $(STAMP) ## 10,000 malformed files: no crash, no record lost
	@$(BIN)/python -m tests.malformed --cases 10000

identity-quality: $(STAMP) ## precision and recall of identity on simulated companies, into docs/identity_quality.md
	@$(BIN)/python -m benchmarks.identity_quality

docs: $(STAMP) ## dbt docs, and where the data docs are
	@LEADMILL_HOME=$(LEADMILL_HOME) $(BIN)/dbt docs generate --static --quiet --project-dir dbt_project --profiles-dir dbt_project \
		--target-path $(LEADMILL_HOME)/dbt/target --log-path $(LEADMILL_HOME)/dbt/logs --vars '{as_of: "2000-01-01 00:00:00"}'
	@echo "dbt docs: $(LEADMILL_HOME)/dbt/target/static_index.html   data docs: $(LEADMILL_HOME)/gates"

install: $(STAMP) ## make the locked environment in .venv

# The stamp is newer than the lock exactly when the installed environment is the locked one.
$(STAMP): requirements.txt pyproject.toml
	@echo "Installing the locked environment into $(VENV) (once, about a minute) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

lock: $(STAMP) ## write requirements.txt anew from pyproject.toml (universal, hashed)
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 --extra dev --extra metrics --extra probabilistic pyproject.toml -o requirements.txt
