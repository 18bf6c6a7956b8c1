#!/usr/bin/env bash
# Make .envs/sqlalchemy-X.Y from constraints/sqlalchemy-X.Y.txt, with a Python that this SQLAlchemy runs on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

version=$1
folder=.envs/sqlalchemy-$version

# SQLAlchemy 2.1 left Python 3.10 behind; the others run on all that sqla-guard runs on.
case $version in
    2.1) oldest='(3, 11)' ;;
    *) oldest='(3, 10)' ;;
esac

python=
for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    # Run it: a version manager may have a shim on PATH for a Python that is not switched on.
    if "$candidate" -c "import sys; sys.exit(sys.version_info < $oldest)" 2>/dev/null; then
        python=$candidate
        break
    fi
done

rm -rf "$folder"
if [ -z "$python" ]; then
    # Not the end of `make test`: the tests that need it skip, and under CI they fail. Without its
    # stamp it is tried again next time.
    echo "Leaving out $folder: no Python of version $oldest or newer was found." >&2
    exit 0
fi

echo "Making $folder"
"$python" -m venv --clear "$folder"
"$folder/bin/python" -m pip install -qq --no-input --disable-pip-version-check \
    -r "constraints/sqlalchemy-$version.txt"
touch "$folder/.ready"
