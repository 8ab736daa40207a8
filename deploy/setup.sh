#!/bin/sh
# Creates the virtual environment with the pinned packages and this project in editable form, compiled to bytecode. Then
# fetches the datastores' programs that the machine lacks; it reports and skips those that cannot be fetched.
# Usage: deploy/setup.sh VENV   (PYTHON names the interpreter, default python3; TROVE_ENGINES where programs are put)
set -eu
venv=$1
python=${PYTHON:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
mark=$venv/.installed
needed_mb=2000
engines=${TROVE_ENGINES:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/trove/engines}
engines_mark=$venv/.engines
retry_minutes=60

fail() { printf 'set-up: %s\n' "$*" >&2; exit 1; }
say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }

cd "$root"
fingerprint=$(cat pyproject.toml constraints.txt deploy/setup.sh | cksum)
engines_fingerprint="$(cat datastores/*/datastore.yaml deploy/local/engines/*.py | cksum) $engines"

make_environment() {
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
}

# Tell whether nothing has changed since the last fetch: same datastores, all trees or failure reasons still there.
have_engines() {
    [ "$(sed -n 1p "$engines_mark" 2>/dev/null)" = "$engines_fingerprint" ] || return 1
    for entry in $(sed 1d "$engines_mark"); do
        [ -e "$engines/$entry" ] || return 1
    done
    [ -z "$(find "$engines" -maxdepth 1 -name '*.reason' -mmin "+$retry_minutes" 2>/dev/null)" ]
}

fetch_engines() {
    say "programs of the datastores in $engines"
    TROVE_ENGINES=$engines "$venv/bin/trovectl" datastores --fetch --quiet || return 0
    { printf '%s\n' "$engines_fingerprint"; ls "$engines"; } >"$engines_mark"
}

[ "$(cat "$mark" 2>/dev/null)" = "$fingerprint" ] || { make_environment; new=1; }
have_engines || fetch_engines
[ -z "${new:-}" ] || say "set-up complete"
