# Bare `make` only prints help: nothing is started, installed or removed without being asked for.
# Written for GNU make 3.81 and later (the one macOS ships).
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Which interpreter makes .venv. Given on the command line, it wins over the one an existing .venv has.
PYTHON ?= python3
VENV := .venv/bin
# Random kills of `make chaos`.
KILLS ?= 25
# deploy-terraform and destroy-terraform: CONFIRM=1 does not ask.
CONFIRM ?=
# A command that starts a Trino, for `make test-athena`: up, register SCHEMA TABLE FOLDER, sql -H STATEMENT.
TRINO ?=
# Processes that `make test` runs the tests in, whole files each; 0 runs them in its own.
WORKERS ?= 2
# More words for pytest, a benchmark or a command.
ARGS ?=

KEEP := $(if $(filter file,$(origin PYTHON)),--keep-python)

.PHONY: help setup run-app dashboards up down doctor bootstrap-terraform deploy-terraform destroy-terraform test check format chaos test-athena bench package lock clean

##@ Start

help: ## Show this help.
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '%s\n' '' 'Variables (make TARGET NAME=value)' \
	  '  PYTHON=python3.13      Python 3.11, 3.12 or 3.13 that makes .venv (default: python3)' \
	  '  ONCE=1                 run-app: one bounded pass, then audit; exit 1 if anything is missing' \
	  '  RECORDINGS=folder      run-app: play recorded messages instead of the synthetic market' \
	  '  FEEDS=coinbase,kraken  run-app: connect to the real venues (nothing goes out otherwise)' \
	  '  SYMBOLS=BTC-USD,...    which markets' \
	  '  LAKE=folder            where the lake is (default: .lake/demo, .lake/recorded, .lake/live)' \
	  '  TARGET=local|aws       where the data is (default: local; deploy and destroy ask)' \
	  '  CONFIRM=1              bootstrap-, deploy-, destroy-terraform: do not ask' \
	  '  KILLS=25               chaos: how many random kills' \
	  '  TRINO=command          test-athena: a command that starts a Trino (tests/trino.py)' \
	  '  WORKERS=2              test: processes that run tests beside each other, 0 for none' \
	  '  ARGS=...               more words for pytest, a benchmark or lock' \
	  '' 'Needs: Python 3.11-3.13, Java 17 or 21, make. More: .venv/bin/tapehouse -h'

setup: ## Make .venv with everything pinned, and fetch Spark's jars (run by the others as needed).
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "There is no $(PYTHON) here: install Python 3.11, 3.12 or 3.13, or name one by PYTHON=." >&2; exit 1; }
	@$(PYTHON) scripts/environment.py $(KEEP)

run-app: setup ## Start everything and show the newest candles, live. Ctrl-C ends it cleanly.
	@exec $(VENV)/tapehouse run-app $(ARGS)

dashboards: setup ## Show the lake in a browser, live; `make run-app` does so too.
	@exec $(VENV)/tapehouse dashboards $(ARGS)

up: setup ## Start the embedded AWS in the background.
	@$(VENV)/tapehouse up $(ARGS)

down: setup ## Drain and stop what `make up` or `make run-app` left running.
	@$(VENV)/tapehouse down $(ARGS)

doctor: setup ## Say what is not right with this machine, or with TARGET=aws of what was deployed, and the mend.
	@$(VENV)/tapehouse doctor $(ARGS)

##@ Deploy

YES := $(if $(CONFIRM),--yes)

bootstrap-terraform: setup ## Make the bucket of Terraform's state, once an AWS account and region.
	@$(VENV)/tapehouse bootstrap $(YES) $(ARGS)

deploy-terraform: setup ## Build, plan, confirm, apply to TARGET=local (the emulator) or aws, then the doctor.
	@$(VENV)/tapehouse deploy $(YES) $(ARGS)

destroy-terraform: setup ## Take down all that was deployed to TARGET, data too, once its name was typed.
	@$(VENV)/tapehouse destroy $(YES) $(ARGS)

##@ Work on it

test: setup ## Run the tests, real Spark and Delta among them.
	@$(VENV)/python -m pytest -m "not chaos and not athena" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## Lint, format check, strict types, Terraform format: what CI asks before the tests.
	@$(VENV)/ruff check --quiet .
	@$(VENV)/ruff format --check --quiet . || { echo "Run \`make format\`." >&2; exit 1; }
	@$(VENV)/mypy --explicit-package-bases
	@if [ -n "$$(find infra -name '*.tf' -print -quit 2>/dev/null)" ] && command -v terraform >/dev/null 2>&1; then \
	  terraform fmt -check -recursive infra; fi

format: setup ## Rewrite the sources as `make check` wants them.
	@$(VENV)/ruff check --quiet --fix . && $(VENV)/ruff format --quiet .

chaos: setup ## Kill processes at random, KILLS times, and prove that nothing is lost or doubled.
	@KILLS=$(KILLS) $(VENV)/python -m pytest -m chaos --timeout=0 $(ARGS)

test-athena: setup ## Ask a real Trino, Athena's engine, for every table: TRINO=command that starts one.
	@TRINO=$(TRINO) $(VENV)/python -m pytest -m athena --timeout=0 $(ARGS)

bench: setup ## Run every benchmark side by side and print the ratios; the rivals get .venv-rivals.
	@$(PYTHON) scripts/environment.py $(KEEP) --rivals || echo "Going on without what could not be installed." >&2
	@set -e; for script in benchmarks/*.py; do [ -e "$$script" ] || continue; $(VENV)/python "$$script" $(ARGS); done

package: setup ## Build dist/: the wheel, the jobs' scripts and the bundles that Terraform uploads; no Docker.
	@$(VENV)/python scripts/package.py $(ARGS)

COMPILE = $(PYTHON) scripts/environment.py $(KEEP) --uv pip compile --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet

# What Glue 6.0 brings itself, with what those need: a job's bundle is beside it, not over it. Which urllib3 it has is not
# known, so that is in the bundle.
GLUE_SHIPS := boto3 botocore jmespath s3transfer python-dateutil six requests certifi charset-normalizer idna pyyaml

# Versions stay where they can: ARGS=--upgrade takes the newest, ARGS="--upgrade-package boto3" those of one.
lock: setup ## Compile all requirements files anew from pyproject.toml, with hashes and without addresses.
	@$(COMPILE) pyproject.toml --all-extras $(ARGS) -o requirements.txt
	@$(COMPILE) pyproject.toml --extra producers --constraint requirements.txt --no-annotate $(ARGS) \
	  -o requirements-producers.txt
	@$(COMPILE) pyproject.toml --extra documents --constraint requirements.txt --no-annotate $(addprefix --no-emit-package ,$(GLUE_SHIPS)) \
	  $(ARGS) -o requirements-glue.txt
	@$(COMPILE) pyproject.toml --extra lambdas --constraint requirements.txt --no-annotate $(ARGS) -o requirements-lambdas.txt
	@$(COMPILE) --group bench $(ARGS) -o benchmarks/requirements.txt
	@$(COMPILE) infra/requirements.in $(ARGS) -o infra/requirements.txt

clean: ## Remove caches and the environments (.venv and its like) of this folder; lakes stay (remove .lake yourself).
	@rm -rf .venv .venv-rivals .venv-checkov .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist spark-warehouse metastore_db derby.log *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
