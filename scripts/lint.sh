#!/usr/bin/env bash
# Runs every check of the code that is not a test; the first that finds something fails.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${VENV:-.venv}/bin/python
"$python" -m ruff check .
"$python" -m ruff format --check .
"$python" -m mypy
# Who may import whom: the contracts in pyproject.toml.
PYTHONPATH=build/plugins "${VENV:-.venv}/bin/lint-imports" --cache-dir build/import-linter >build/imports.txt ||
  { cat build/imports.txt; exit 1; }
# What the plugin repository asks of a package: no finding at all in the shipped code.
"$python" -m bandit --quiet --recursive __init__.py plugin processing_provider ui
