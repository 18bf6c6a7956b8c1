#!/usr/bin/env bash
# Install the PostgreSQL server for the tests that talk to a real one. They start a throw-away cluster
# of their own, so nothing is configured or left running here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_server() { "${PYTHON:-python3}" scripts/find_postgres.py; }

if find_server >/dev/null; then
    exit 0
fi

# Without a server the tests that need it skip, so a contributor can go on; under CI that is a failure.
give_up() {
    echo "PostgreSQL's server is not installed: $1" >&2
    echo "The tests that need it look for initdb and postgres on PATH and in /usr/lib/postgresql/*/bin." >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

command -v apt-get >/dev/null || give_up "install it with this system's package manager (version 13 or newer)."
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null \
        || give_up "as an administrator, run: apt-get install postgresql"
    as_root=(sudo -n)
fi

echo "Installing PostgreSQL's server"
# Debian's package would make and start a cluster on the standard port. This setting holds it back, and
# goes again, so that whoever wants a cluster of their own later gets the usual one.
settings=/etc/postgresql-common/createcluster.d
setting=$settings/sqla-guard-tests.conf
trap '"${as_root[@]}" rm -f "$setting"' EXIT
"${as_root[@]}" mkdir -p "$settings"
echo 'create_main_cluster = false' | "${as_root[@]}" tee "$setting" >/dev/null

log=$(mktemp)
if ! { "${as_root[@]}" apt-get update -q \
    && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends postgresql; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    give_up "apt-get could not install it (its output is above)."
fi
rm -f "$log"
find_server
