#!/bin/sh
# Writes the lock files anew from pyproject.toml: every package with its hashes, no index address.
set -eu
cd "$(dirname "$0")/.."
command -v uv >/dev/null 2>&1 || { echo "Needs uv: pip install uv" >&2; exit 1; }
common="--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet"
# shellcheck disable=SC2086  # words are meant to split
uv pip compile pyproject.toml $common -o requirements/run.lock
# shellcheck disable=SC2086
uv pip compile pyproject.toml --group dev $common -o requirements/dev.lock
# shellcheck disable=SC2086
uv pip compile --group node $common -o requirements/node.lock
