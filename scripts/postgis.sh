#!/usr/bin/env bash
# Installs the distribution's PostgreSQL with PostGIS and pgRouting (Debian or Ubuntu) where they are missing, without a
# cluster of the distribution's own, and runs tests/postgis, or those of its files that are named; other arguments go to
# pytest. The tests start a server in a temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'postgis: %s\n' "$*"; }
fail() { printf 'postgis: %s\n' "$@" >&2; exit 1; }

installed() { "${VENV:-.venv}/bin/python" -c 'import sys, psycopg2
sys.path.insert(0, "scripts")
import postgis_server
sys.exit(postgis_server.programs() is None)' 2>/dev/null; }

# The newest version of PostgreSQL for which the distribution has both extensions.
newest() {
  apt-cache pkgnames postgresql- | sed -nE 's/^postgresql-([0-9]+)-pgrouting$/\1/p' | sort -rn | while read -r version; do
    if apt-cache show "postgresql-$version-postgis-3" >/dev/null 2>&1; then echo "$version"; break; fi
  done
}

install_server() {
  command -v apt-get >/dev/null || fail "this set-up knows Debian and Ubuntu (apt-get), which this system is not." \
    "Install PostgreSQL with PostGIS 3, pgRouting and psycopg2 (its programs on PATH), then repeat the command."
  [ "$(id -u)" = 0 ] || fail "PostgreSQL with PostGIS and pgRouting is missing, and installing it needs root." \
    "Run, once: sudo scripts/postgis.sh --install   and then repeat your command."
  apt-get update -q || say "some package lists could not be renewed; going on with those there are"
  local version
  version=$(newest)
  [ -n "$version" ] || fail "this distribution has no postgresql-<version>-pgrouting beside postgresql-<version>-postgis-3"
  say "installing PostgreSQL $version with PostGIS and pgRouting"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -yq --no-install-recommends postgresql-common
  # The package of the server would make and start a cluster of its own when it is installed for the first time.
  local settings=/etc/postgresql-common/createcluster.conf
  if ! grep -qE '^create_main_cluster' "$settings"; then
    echo "create_main_cluster = false" >>"$settings"
  fi
  apt-get install -yq --no-install-recommends "postgresql-$version" "postgresql-$version-postgis-3" \
    "postgresql-$version-pgrouting" python3-psycopg2 || fail "apt-get could not install the packages; see above"
}

installed || install_server
[ "${1:-}" = --install ] && exit 0
installed || fail "the packages are there, but no PostgreSQL with PostGIS, pgRouting and psycopg2 is found"
[[ " $*" == *" tests/"* ]] || set -- "$@" tests/postgis
TEST_POSTGIS=1 exec scripts/test.sh -s "$@"
