#!/usr/bin/env bash
# Runs pytest headless in the virtual environment that scripts/setup.sh made; arguments go to pytest. Without any it runs
# every test, those that need no QGIS beside the others.
set -euo pipefail
cd "$(dirname "$0")/.."
runtime=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$runtime"' EXIT
export QT_QPA_PLATFORM=offscreen XDG_RUNTIME_DIR=$runtime PYTHONPATH=$PWD/build/plugins
python=${VENV:-.venv}/bin/python
if [ $# -gt 0 ]; then
    "$python" -m pytest "$@"
    exit
fi
"$python" -m pytest -p no:pytest_qgis tests/solvers >"$runtime/solvers.log" 2>&1 &
failed=0
"$python" -m pytest --ignore=tests/solvers || failed=$?
wait $! || failed=$?
cat "$runtime/solvers.log"
exit "$failed"
