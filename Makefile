# The commands of the project. Each does its own set-up; `make help` lists them.
SHELL := bash
export VENV ?= .venv
PY := $(VENV)/bin/python
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-solvers test-sumo test-postgis lint format bench mutants package link clean distclean

help: ## list the commands
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install QGIS (if missing), make the virtual environment, link the checkout
	@scripts/setup.sh

demo: setup ## plan the evacuation of the sample city: maps, tables and a report in build/demo
	@$(PY) scripts/demo.py

test: setup ## run every test
	@scripts/test.sh

test-solvers: setup ## run the tests that need no QGIS
	@scripts/test.sh -p no:pytest_qgis tests/solvers

test-sumo: setup ## run exported plans in the simulator SUMO (installs it)
	@TEST_SUMO=1 scripts/test.sh -s tests/sumo

test-postgis: setup ## run the tests with PostgreSQL, PostGIS and pgRouting (installs them)
	@scripts/postgis.sh

test-torch: setup ## test the forecasting network on PyTorch (says how to install it where it is missing)
	@TEST_TORCH=1 scripts/test.sh tests/torch

lint: setup ## check style, formatting, types and security
	@scripts/lint.sh

format: setup ## format the code and mend what can be mended
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

bench: setup ## measure the solvers
	@$(PY) benchmarks/run.py

mutants: setup ## change the solvers in small ways and see what no test notices (hours; goes on where it was interrupted)
	@test -x build/mutants/venv/bin/cosmic-ray || { python3 -m venv build/mutants/venv && \
		build/mutants/venv/bin/pip install --quiet -r requirements-mutants.txt; }
	@nice $(PY) scripts/mutants.py $(MUTANTS)

package: setup ## build the zip for "Install from ZIP"
	@$(PY) scripts/package.py

link: ## link the checkout into the QGIS profiles of this user
	@python3 scripts/link.py

clean: ## remove what was built, keep the virtual environment
	@rm -rf build .qgis-settings .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -path './.venv*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean ## remove the virtual environment as well
	@rm -rf $(VENV)
