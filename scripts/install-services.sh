#!/usr/bin/env bash
# Install what tests talk to for real: the PostgreSQL and MariaDB servers, and a browser. They start
# throw-away ones of their own, so nothing is configured or left running here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

where_is() { "${PYTHON:-python3}" "scripts/find_$1.py"; }

missing=()
where_is postgres >/dev/null || missing+=(postgresql)
where_is mariadb >/dev/null || missing+=(mariadb-server-core)
where_is browser >/dev/null || missing+=(chromium chromium-driver)
[ "${#missing[@]}" -gt 0 ] || exit 0

# Without one of them the tests that need it skip, so a contributor can go on; under CI that is a failure.
give_up() {
    echo "Not installed: ${missing[*]}. $1" >&2
    echo "The tests look for initdb and postgres on PATH and in /usr/lib/postgresql/*/bin, and for mariadbd" >&2
    echo "on PATH and where systems keep their servers, and for chromium and chromedriver on PATH." >&2
    [ -z "${CI:-}" ] || exit 1
    exit 0
}

command -v apt-get >/dev/null || give_up "Install PostgreSQL 13, MariaDB 10.6, or newer, and Chromium with this system's own tools."
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null \
        || give_up "As an administrator, run: apt-get install ${missing[*]}"
    as_root=(sudo -n)
fi

echo "Installing ${missing[*]}"
# Debian's package would make and start a PostgreSQL cluster on the standard port. This setting holds it
# back, and goes again, so that whoever wants a cluster of their own later gets the usual one. MariaDB's
# core package has the programs alone.
settings=/etc/postgresql-common/createcluster.d
setting=$settings/sqla-guard-tests.conf
trap '"${as_root[@]}" rm -f "$setting"' EXIT
"${as_root[@]}" mkdir -p "$settings"
echo 'create_main_cluster = false' | "${as_root[@]}" tee "$setting" >/dev/null

log=$(mktemp)
if ! { "${as_root[@]}" apt-get update -q \
    && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    give_up "apt-get could not install it (its output is above)."
fi
rm -f "$log"
where_is postgres
where_is mariadb
where_is browser
