#!/usr/bin/env bash
# Runs pytest headless in the virtual environment that scripts/setup.sh made; arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."
runtime=$(mktemp -d)
trap 'rm -rf "$runtime"' EXIT
export QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=$runtime PYTHONPATH=$PWD/build/plugins
"${VENV:-.venv}/bin/python" -m pytest "$@"
