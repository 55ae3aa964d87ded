#!/usr/bin/env bash
# Makes a fresh Debian or Ubuntu machine ready for the demo and the tests: QGIS and a few Python packages from the
# distribution, a virtual environment on the distribution's Python, and the checkout linked under the package's name.
# A second run finds everything in place and returns at once.
#
#   VENV    the virtual environment (default .venv); one made by another Python is made anew
#   PYTHON  the distribution's Python, the one that QGIS is built for (default /usr/bin/python3)
set -euo pipefail
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH

VENV=${VENV:-.venv}
PYTHON=${PYTHON:-/usr/bin/python3}
STAMP=$VENV/.ready
PACKAGES="qgis qgis-providers python3-qgis python3-venv python3-numpy python3-scipy python3-networkx
  python3-matplotlib python3-jinja2 fonts-dejavu-core fonts-open-sans"

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$@" >&2; exit 1; }

# The link by which Python and QGIS find the checkout as a package called evacuation_planner.
link_package() {
  mkdir -p build/plugins
  [ build/plugins/evacuation_planner -ef . ] || ln -sfn ../.. build/plugins/evacuation_planner
}

fingerprint() {
  "$PYTHON" --version
  (cd "$(dirname "$VENV")" && printf '%s/%s\n' "$PWD" "$(basename "$VENV")")
  cat requirements.txt requirements-dev.txt scripts/setup.sh | sha256sum
}

imports_qgis() { "$1" -c 'import qgis.core' 2>/dev/null; }

ready() {
  [ -x "$PYTHON" ] && [ -f "$STAMP" ] && [ "$(cat "$STAMP")" = "$(fingerprint)" ] && imports_qgis "$VENV/bin/python" &&
    has_qgis_process
}

has_qgis_process() { command -v qgis_process.bin >/dev/null || command -v qgis_process >/dev/null; }

has_system_packages() {
  [ -x "$PYTHON" ] && imports_qgis "$PYTHON" && has_qgis_process && [ -d /usr/share/fonts/truetype ] &&
    "$PYTHON" -c 'import venv, ensurepip, numpy, scipy.sparse, networkx, matplotlib, jinja2' 2>/dev/null
}

# Sets AS_ROOT to what runs a command as root; fails with the whole command where there is no way to become root.
find_root() {
  if [ "$(id -u)" = 0 ]; then
    AS_ROOT="env"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    AS_ROOT="sudo -n env"
  elif command -v sudo >/dev/null && [ -t 0 ]; then
    say "packages are missing, and installing them needs root: sudo may ask for your password"
    AS_ROOT="sudo env"
  else
    # shellcheck disable=SC2116,SC2086
    fail "QGIS or some of its Python packages are missing, and installing them needs root, which this user is not." \
      "Ask an administrator to run, once:" \
      "  apt-get update && apt-get install --no-install-recommends $(echo $PACKAGES)" \
      "and then repeat your command."
  fi
}

install_system_packages() {
  command -v apt-get >/dev/null || fail "this set-up knows Debian and Ubuntu (apt-get), which this system is not." \
    "Install QGIS 3.22 or newer with its Python bindings, and for $PYTHON: venv, numpy, scipy, networkx, matplotlib," \
    "jinja2. Set PYTHON=/path/to/python3 to the Python of your QGIS, then repeat the command."
  find_root
  say "installing QGIS and Python packages of the distribution (some minutes, about 1 GB)"
  $AS_ROOT apt-get update -q || say "some package lists could not be renewed; going on with those there are"
  # shellcheck disable=SC2086
  $AS_ROOT DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends $PACKAGES ||
    fail "apt-get could not install the packages; see above"
  has_system_packages || fail "the packages were installed, but $PYTHON cannot import QGIS or one of venv, numpy," \
    "scipy, networkx, matplotlib, jinja2. Set PYTHON to the distribution's Python if it is not $PYTHON."
}

# True where the virtual environment runs and was made by this version of Python.
venv_fits() {
  local version
  version=$("$PYTHON" -c 'import sys; print("{}.{}".format(*sys.version_info))')
  [ -d "$VENV/lib/python$version/site-packages" ] && [ "$(ls -d "$VENV"/lib/python3* | wc -l)" = 1 ] &&
    grep -q '^include-system-site-packages = true' "$VENV/pyvenv.cfg" &&
    "$VENV/bin/python" -m pip --version >/dev/null 2>&1 && imports_qgis "$VENV/bin/python"
}

make_venv() {
  venv_fits && return
  if [ -e "$VENV" ] && [ ! -e "$VENV/pyvenv.cfg" ] && [ -n "$(ls -A "$VENV")" ]; then
    fail "$VENV is in the way and is no virtual environment: remove it, or set VENV to another folder"
  fi
  say "making the virtual environment $VENV on $("$PYTHON" --version)"
  "$PYTHON" -m venv --clear --system-site-packages "$VENV"
}

install_requirements() {
  say "installing Python packages into $VENV (a few minutes the first time)"
  "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
    -r requirements.txt -r requirements-dev.txt ||
    fail "pip could not install requirements.txt and requirements-dev.txt (is the Python package index reachable?)"
  # Compiled packages must fit one another; pyswarms writes a file into the folder where it is imported.
  local scratch python
  scratch=$(mktemp -d)
  python=$(cd "$VENV/bin" && pwd)/python
  (cd "$scratch" && "$python" -c 'import numba, pulp, highspy, pyswarms, scipy.optimize, shapely, matplotlib, pytest') ||
    fail "the packages in $VENV do not fit one another: remove $VENV and repeat the command"
  rm -rf "$scratch"
}

link_package
ready && exit 0
mkdir -p build
exec 9>build/.setup.lock
flock 9
ready && exit 0
rm -f "$STAMP"
has_system_packages || install_system_packages
make_venv
install_requirements
fingerprint >"$STAMP.new"
mv "$STAMP.new" "$STAMP"
say "ready"
