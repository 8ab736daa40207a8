#!/bin/sh
# Makes the virtual environment: the pinned packages, this project in editable form, everything as bytecode.
# Usage: deploy/setup.sh VENV   (PYTHON names the interpreter; default python3)
set -eu
venv=$1
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
mark=$venv/.installed
needed_mb=2000

fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }
say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }

cd "$root"
fingerprint=$(cat pyproject.toml constraints.txt deploy/setup.sh | cksum)
[ "$(cat "$mark" 2>/dev/null)" = "$fingerprint" ] && exit 0

command -v "$python" >/dev/null || fail "no $python here: install Python 3.11 or newer, or say PYTHON=/path/to/python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" -V 2>&1) is too old: Python 3.11 or newer is needed (PYTHON=/path/to/python3 names another)"
free_mb=$(df -Pm . | awk 'NR == 2 {print $4}')
[ "$free_mb" -ge "$needed_mb" ] || fail "$free_mb MB free in $root, $needed_mb MB are needed"

say "virtual environment $venv ($("$python" -V))"
"$python" -m venv --clear "$venv" ||
    fail "$python has no venv with pip: install the package python3-venv, or say PYTHON=/path/to/another/python3"
say "installer"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt uv
say "$(grep -c == constraints.txt) pinned packages, compiled to bytecode"
"$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --constraint constraints.txt \
    --compile-bytecode --editable '.[local,test]'
"$venv/bin/python" -m compileall -q functions datastores deploy api_spec
printf '%s' "$fingerprint" >"$mark"
say "set-up complete"
