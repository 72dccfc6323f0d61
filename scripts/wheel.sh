#!/usr/bin/env bash
# Builds the Python wheel of python/: the compiled beat with its production dependencies, and the scheduler of
# `celery beat -S celery_beat`. Needs npm's registry or its cache, and PyPI for the build backend.
#   scripts/wheel.sh [FOLDER [PYTHON]]   writes celery_beat_scheduler-*.whl to FOLDER (default: python/dist)
set -euo pipefail
cd "$(dirname "$0")/.."

out=${1:-python/dist}
mkdir -p "$out"
out=$(cd "$out" && pwd)
python=${2:-python3}

PATH="$PWD/node_modules/.bin:$PATH" npm run --silent build
beat=python/build/beat
rm -rf python/build
mkdir -p "$beat"
cp -r bundle dist package.json package-lock.json .npmrc LICENSE "$beat"
(cd "$beat" && npm ci --silent --omit=dev --ignore-scripts)
# What a running beat does not load: types, source maps, tests and documentation of packages.
rm -rf "$beat/package-lock.json" "$beat/.npmrc" "$beat/dist/.tsbuildinfo" "$beat/node_modules/.package-lock.json"
rm -rf "$beat/node_modules/.bin"
find "$beat" -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -iname '*.md' -o -name '*.ts' \) ! -iname 'licen[cs]e*' -delete
find "$beat/node_modules" -type d \( -name test -o -name tests -o -name docs -o -name examples -o -name benchmark \) -prune -exec rm -rf {} +

"$python" -m pip wheel --quiet --no-deps --wheel-dir "$out" ./python
ls -l "$out"/celery_beat_scheduler-*.whl
