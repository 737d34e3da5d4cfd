#!/usr/bin/env bash
# Makes .venv and fills it with exactly the locked packages and the project itself (editable).
# usage: ops/lock/install.sh PYTHON     A second run with nothing changed returns at once.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:?usage: ops/lock/install.sh PYTHON}

say() { printf '%s\n' "$*"; }
give_up() { printf '%s\n' "$*" >&2; exit 1; }

command -v "$python" >/dev/null || give_up "There is no Python: install Python 3.11 or name one with 'make PYTHON=…'."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  give_up "$python is Python $version; Counterfoil needs 3.11 or newer: name one with 'make PYTHON=…'."

fingerprint=$({ pwd; echo "$version"; cat pyproject.toml ops/lock/*.txt ops/lock/install.sh; } | sha256sum | cut -d' ' -f1)
stamp=.venv/.counterfoil-installed
if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null)" = "$fingerprint" ]; then exit 0; fi

# Debian keeps the part of Python that makes environments in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    give_up "Python's venv module is missing: run 'apt-get install python3-venv' as root."
  fi
  say "Installing python$version-venv with apt."
  export DEBIAN_FRONTEND=noninteractive
  words=$(apt-get update -q 2>&1 &&
    apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 "python$version-venv" 2>&1) ||
    give_up "apt could not install python$version-venv: $words"
fi

if ! [ -x .venv/bin/python ] || [ "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" != "$version" ]; then
  say "Making .venv with Python $version."
  "$python" -m venv --clear .venv
fi
rm -f "$stamp"
say "Installing the locked packages into .venv."
pip() { .venv/bin/python -m pip --disable-pip-version-check --quiet "$@"; }
pip install --require-hashes --no-deps -r ops/lock/dev.txt -r ops/lock/build.txt
pip install --no-deps --no-build-isolation -e .
printf '%s\n' "$fingerprint" > "$stamp"
say "Installed."
