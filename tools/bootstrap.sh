#!/usr/bin/env bash
# Make the virtual environment VENV from requirements/dev.txt, hashes checked, and touch STAMP last:
# a bootstrap that was cut off leaves no stamp and is done again.
set -euo pipefail
venv=$1
stamp=$2

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "bootstrap: got $(python3 --version), wanted Python 3.11 or newer: install it and run the same command again" >&2
  exit 3
}
if ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
  rm -rf "$venv"
  python3 -m venv "$venv" || {
    echo "bootstrap: python3 cannot make a virtual environment: on Debian install python3-venv" >&2
    exit 3
  }
fi
rm -f "$venv"/ready-*

# uv does the rest; its own stanza of the lock, hashes included, is what pip installs first.
uv_lock=$(mktemp)
trap 'rm -f "$uv_lock"' EXIT
awk '/^[^ #]/ { keep = /^uv==/ } keep' requirements/dev.txt >"$uv_lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$uv_lock"

export VIRTUAL_ENV=$PWD/$venv
"$venv/bin/uv" pip sync --quiet --require-hashes --only-binary :all: --compile-bytecode requirements/dev.txt
"$venv/bin/uv" pip install --quiet --no-deps --no-build-isolation --editable .
touch "$stamp"
