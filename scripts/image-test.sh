#!/usr/bin/env bash
# Builds the image of the Dockerfile and runs it as a cluster would: as PID 1, not as root, on a read-only root
# file system, without capabilities. One instance takes over from another. For machines without a container
# engine or a registry of images: needs root, Redis and Debian's buildah, crun and debootstrap; takes some minutes.
#   scripts/image-test.sh [FOLDER]    stores its base images in FOLDER for the next run
set -euo pipefail
cd "$(dirname "$0")/.."
# Mounts of the containers are private to this script.
[ -n "${IMAGE_TEST_UNSHARED:-}" ] || IMAGE_TEST_UNSHARED=1 exec unshare --mount "$0" "$@"
export PATH="$PWD/node_modules/.bin:$PATH"

work=${1:-$(mktemp -d)}
mkdir -p "$work"
work=$(cd "$work" && pwd)
run=$(mktemp -d)
throwaway=("$run")
[ $# -gt 0 ] || throwaway+=("$work")
build() { buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"; }
say() { printf '\n── %s\n' "$*"; }
fail() {
  tail -n 20 "$run"/*.log >&2 || true
  echo "FAILED: $*" >&2
  exit 1
}
clean() {
  for name in $(oci list -q 2>/dev/null); do oci delete --force "$name" || true; done
  [ -z "${redis:-}" ] || kill "$redis" || true
  build rm --all >/dev/null || true
  rm -rf "${throwaway[@]}"
}
oci() { :; }
trap clean EXIT
. scripts/image/base-images.sh
. scripts/image/container.sh

make_base_image docker.io/library/node:24-bookworm-slim
make_base_image "$(sed -n 's/^ARG BASE=//p' Dockerfile)"

say 'build'
build_image() { build bud --quiet --format docker --pull-never --isolation chroot "$@" . >/dev/null; }
build_image -t celery-beat --build-arg VERSION=1.2.3 --build-arg REVISION=abc --build-arg CREATED=2027-01-01T00:00:00Z

say 'image configuration'
of_image() { build inspect --type image --format "{{$1}}" celery-beat; }
user=$(of_image .OCIv1.Config.User)
echo "user $user, entrypoint $(of_image .OCIv1.Config.Entrypoint), volume $(of_image .OCIv1.Config.Volumes)"
[[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail 'the user must be a number and not root'
healthcheck=$(of_image .Docker.Config.Healthcheck.Test)
[ "$healthcheck" = '[CMD node /app/dist/cli/beat.js healthcheck]' ] || fail "HEALTHCHECK is $healthcheck"
label() { of_image "index .OCIv1.Config.Labels \"org.opencontainers.image.$1\""; }
for name in title description licenses version revision created source; do echo "$name: $(label $name)"; done
[ "$(label version) $(label revision)" = '1.2.3 abc' ] || fail 'the labels lack version and revision'

say 'contents'
root=$(build mount "$(build from --pull-never celery-beat)")
for path in app/node_modules/typescript usr/bin/dash bin/sh usr/bin/dpkg usr/local/bin/npm; do
  [ ! -e "$root/$path" ] || fail "the image contains /$path"
done
[ -z "$(find "$root/app" "$root/node_modules" -user "${user%:*}")" ] || fail 'beat may write to itself'
native=$(find "$root/app" -type f \( -name '*.node' -o -name '*.so' -o -perm /111 -size +1M \))
[ -z "$native" ] || fail "platform-specific files: $native"
packages='const { components } = JSON.parse(fs.readFileSync(0)); console.log(components.map((each) => each.name).join("\n"))'
node -e "$packages" <"$root/app/sbom.cdx.json" | sort -u >"$run/sbom"
(cd "$root/app/node_modules" && find . -name package.json -regex '\./\(@[^/]*/\)?[^/]*/package.json' -printf '%h\n' |
  sed 's,^\./,,' | sort) >"$run/installed"
[ -z "$(comm -13 "$run/sbom" "$run/installed")" ] || fail 'the SBOM lacks packages of the image'
megabytes() { du -s --apparent-size --block-size=100K "$@" | awk '{ sum += $1 } END { printf "%.1f MB\n", sum / 10 }'; }
echo "| part | size |
| Node | $(megabytes "$root/usr/local/bin/node") |
| Debian's libraries, certificates and time zones | $(megabytes --exclude=app --exclude=local "$root") |
| packages from npm | $(megabytes "$root/app/node_modules") |
| beat | $(megabytes "$root/app/dist") |
| all | $(megabytes "$root") |
| compressed, as in a registry | $(tar -C "$root" -c . | gzip | wc -c | awk '{ printf "%.1f MB", $1 / 1e6 }') |" | tee "$run/sizes"

# A schedule as users mount it: TypeScript that imports celery-beat, outside of a package.
mkdir "$run/schedules" "$run/data"
cat >"$run/schedules/team.ts" <<'CONFIG'
import { defineConfig, timedelta } from 'celery-beat';

export default defineConfig({
  beatSchedule: { 'every-second': { task: 'tasks.add', schedule: timedelta({ seconds: 1 }), args: [1, 2] } },
});
CONFIG
chown -R "$user" "$run/data"
chmod -R a+rX "$run"

say 'beat --version, beat check'
container version '' "${BEAT[@]}" --version
container check '' "${BEAT[@]}" check

say 'time zones'
container zones '' node -e "
  const fs = require('node:fs');
  const lines = fs.readFileSync('/usr/share/zoneinfo/tzdata.zi', 'utf8').split('\n').map((line) => line.split(' '));
  const zones = lines.flatMap(([kind, first, second]) => (kind === 'Z' ? first : kind === 'L' ? second : []));
  const missing = zones.filter((zone) => {
    try { return !new Intl.DateTimeFormat('nb', { timeZone: zone, timeZoneName: 'long' }).format(0); }
    catch { return zone !== 'Factory'; }
  });
  const { tz, icu } = process.versions;
  console.log(zones.length + ' zones, tzdata ' + tz + ', ICU ' + icu + ', ' + Intl.DateTimeFormat('nb').resolvedOptions().locale);
  if (missing.length > 0) { console.log(missing.join(' ')); process.exit(1); }" || fail 'time zones are missing'

count() { (grep -s "$1" "$2" || true) | wc -l; }
# Waits at most a minute until a log has a number of lines with a text.
await() {
  local until=$((SECONDS + 60))
  while [ "$(count "$2" "$1")" -lt "$3" ]; do
    [ "$SECONDS" -lt "$until" ] || fail "$1 has no $3 lines with $2"
    sleep 0.1
  done
}

say 'embedded store: three runs, as PID 1 without capabilities'
data=$run/data container embedded BEAT_HTTP=0 "${BEAT[@]}" >"$run/embedded.log" 2>&1 &
await "$run/embedded.log" '"event":"sent"' 3
status="$(inside embedded node -p 'fs.readFileSync("/proc/1/status", "utf8")')"
grep -q '^CapBnd:\s*0*$' <<<"$status" && grep -q '^CapEff:\s*0*$' <<<"$status" || fail "$status"
inside embedded node -e 'fs.writeFileSync("/app/x", "")' 2>/dev/null && fail 'the root file system is writable'
inside embedded "${BEAT[@]}" healthcheck || fail 'the health check fails while beat runs'
dashboard=$(sed -n 's/.*"event":"http".*"url":"\([^"]*\)".*/\1/p' "$run/embedded.log")
node -e '
  const [url] = process.argv.slice(1);
  const get = async (path) => {
    const response = await fetch(new URL(path, url));
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.text();
  };
  void get("/").then(async (page) => {
    const files = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
    for (const file of files) await get(file);
    console.log(`dashboard: ${files.join(" ")}`);
    if (files.length < 2) process.exit(1);
  });' "$dashboard" || fail 'the dashboard or one of its files is missing'
oci kill embedded TERM
wait $! || fail "beat exited with $? after SIGTERM, expected 0"
tail -n 1 "$run/embedded.log"

say 'Redis: a follower takes over'
port=$(node -e 'const server = net.createServer().listen(0, "127.0.0.1", () => {
  console.log(server.address().port);
  server.close();
})')
redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$run" >"$run/redis.log" &
redis=$!
url=BEAT_BROKER_URL=redis://127.0.0.1:$port/0
container first "$url" "${BEAT[@]}" >"$run/first.log" 2>&1 &
first=$!
await "$run/first.log" '"event":"sent"' 2
container second "$url" "${BEAT[@]}" >"$run/second.log" 2>&1 &
second=$!
await "$run/second.log" '"event":"following"' 1
inside second "${BEAT[@]}" healthcheck || fail 'the health check of the follower fails'
oci kill first KILL
wait "$first" && fail 'the killed leader exited with 0'
await "$run/second.log" '"event":"sent"' 2
grep -m 1 '"event":"leading"' "$run/second.log"
oci kill second TERM
wait "$second" || fail "beat exited with $? after SIGTERM, expected 0"
grep -ho '"dueAt":"[^"]*"' "$run/first.log" "$run/second.log" | sort | uniq -d | grep . && fail 'an occurrence was sent twice'
container stopped "$url" "${BEAT[@]}" healthcheck && fail 'the health check passes where no instance runs'

say 'an image without the client of RabbitMQ'
build_image -t celery-beat:redis --build-arg DRIVERS=redis
root=$(build mount "$(build from --pull-never celery-beat:redis)")
echo "packages from npm: $(megabytes "$root/app/node_modules")"
[ ! -e "$root/app/node_modules/amqplib" ] || fail 'the client of RabbitMQ is in the image'
container redis "$url" "${BEAT[@]}" list
container rabbitmq BEAT_BROKER_URL=amqp://127.0.0.1// "${BEAT[@]}" >"$run/rabbitmq.log" 2>&1 && fail 'beat started'
grep 'amqplib' "$run/rabbitmq.log" || fail 'the error does not name the missing package'
node scripts/image/omit-clients.ts rabbitmq && fail 'an unknown driver was accepted'

say 'an image with a shell: beat start --with-worker runs commands'
build_image -t celery-beat:worker --build-arg BASE=node:24-bookworm-slim
root=$(build mount "$(build from --pull-never celery-beat:worker)")
rm "$run/schedules/team.ts"
echo 'beatSchedule: { whoami: { schedule: 1, shell: id -u } }' >"$run/schedules/commands.yaml"
data=$run/data container worker '' "${BEAT[@]}" start --with-worker >"$run/worker.log" 2>&1 &
await "$run/worker.log" '"event":"job-succeeded"' 2
grep -m 1 '"event":"job-succeeded"' "$run/worker.log" | grep -F ": ${user%:*}" || fail 'the command ran as another user'
oci kill worker TERM
wait $! || fail "beat exited with $? after SIGTERM, expected 0"

say 'the image builds and runs'
