#!/usr/bin/env bash
# Tests the npm package as users get it: packs it, checks how its types resolve, installs it with its
# dependencies into an empty folder and runs it. Needs a registry; `test/e2e/package.test.ts` needs none.
#   scripts/package-test.sh
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PATH="$PWD/node_modules/.bin:$PATH"

npm pack --silent --pack-destination "$work" >/dev/null
cd "$work"
tarball=$(echo celery-beat-*.tgz)

# The package is ESM only: Node 22.12 and later load it with `require`, which attw reports as an error.
npx --yes @arethetypeswrong/cli "$tarball" --profile node16 --ignore-rules cjs-resolves-to-esm

mkdir project && cd project
printf '%s\n' 'beatSchedule:' '  quick: { task: tasks.quick, schedule: 1 }' >beat.config.yaml
npx --yes "../$tarball" --version
npx --yes "../$tarball" check
npm install --silent --no-save "../$tarball"
node_modules/.bin/celery-beat --log-format json >log 2>&1 &
beat=$!
for _ in $(seq 60); do grep -q '"event":"sent"' log && break; sleep 1; done
kill "$beat"
wait "$beat"
grep -m 1 '"event":"sent"' log || { cat log; exit 1; }
