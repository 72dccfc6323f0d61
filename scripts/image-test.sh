#!/usr/bin/env bash
# Tests that the Dockerfile builds and that its image runs as documented: not as root, on a read-only root
# file system, without a shell. For machines without a Docker engine or a registry of images: needs root,
# buildah and debootstrap (Debian: apt-get install buildah debootstrap), and takes some minutes.
#   scripts/image-test.sh [FOLDER]    stores its base image in FOLDER for the next run
set -euo pipefail
cd "$(dirname "$0")/.."

work=${1:-$(mktemp -d)}
mkdir -p "$work"
run=$(mktemp -d)
build() { buildah --storage-driver vfs --root "$work/storage" --runroot "$work/run" "$@"; }
throwaway=("$run")
[ $# -gt 0 ] || throwaway+=("$work")
trap 'build rm --all >/dev/null || true; rm -rf "${throwaway[@]}"' EXIT
say() { printf '\n── %s\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# The base image of FROM, built from Debian and the Node that npm installed. It contains this
# machine's certificates and npm settings, so that `npm ci` reaches the registry from within the
# build, and the Dockerfile needs neither.
base=docker.io/library/$(sed -n 's/^FROM \(\S*\).*/\1/p' Dockerfile | sort -u)
if ! build inspect --type image "$base" >/dev/null 2>&1; then
  say "base image $base"
  rootfs=$work/rootfs
  [ -e "$rootfs/etc/debian_version" ] ||
    debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$rootfs" >"$work/debootstrap.log"
  mkdir -p "$rootfs/usr/local/bin" "$rootfs/usr/local/lib/node_modules" "$rootfs/usr/local/etc"
  cp -L node_modules/node/bin/node "$rootfs/usr/local/bin/"
  cp -a "$(npm root --global)/npm" "$rootfs/usr/local/lib/node_modules/"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/local/bin/npm"
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$rootfs/etc/ssl/certs/ca-certificates.crt"
  {
    echo "registry=$(npm config get registry)"
    echo "update-notifier=false"
    echo "cafile=/etc/ssl/certs/ca-certificates.crt"
  } >"$rootfs/usr/local/etc/npmrc"
  scratch=$(build from scratch)
  build add --quiet "$scratch" "$rootfs" / >/dev/null
  build config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd node "$scratch"
  build commit --quiet --rm "$scratch" "$base"
fi

say 'build'
build bud --quiet --format docker --pull-never --isolation chroot -t celery-beat .

say 'image configuration'
of_image() { build inspect --type image --format "{{$1}}" celery-beat; }
user=$(of_image .OCIv1.Config.User)
echo "user $user, entrypoint $(of_image .OCIv1.Config.Entrypoint), volume $(of_image .OCIv1.Config.Volumes)"
[[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail 'the user must be a number and not root'
healthcheck=$(of_image .Docker.Config.Healthcheck.Test)
[ "$healthcheck" = '[CMD node /app/dist/cli/beat.js healthcheck]' ] || fail "HEALTHCHECK is $healthcheck"

container=$(build from --pull-never celery-beat)
root=$(build mount "$container")
[ ! -e "$root/app/node_modules/typescript" ] || fail 'dev dependencies are in the image'
[ -z "$(find "$root/app" "$root/node_modules" -user 10001)" ] || fail 'beat may write to itself'

# A schedule as users mount it: TypeScript that imports celery-beat, outside of a package.
mkdir "$run/schedules" "$run/data"
cat >"$run/schedules/team.ts" <<'CONFIG'
import { defineConfig, timedelta } from 'celery-beat';

export default defineConfig({
  beatSchedule: { 'every-second': { task: 'tasks.add', schedule: timedelta({ seconds: 1 }), args: [1, 2] } },
});
CONFIG
chown -R "${user}" "$run/data"
chmod -R a+rX "$run"

# Like a container runtime with --read-only, in separate namespaces, but without shells.
export root run user
unshare --mount --pid --net --fork --kill-child bash -euo pipefail <<'INSIDE'
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$run/data" "$root/data"
mount --bind "$run/schedules" "$root/etc/beat"
for shell in bash dash; do mount --bind /dev/null "$root/usr/bin/$shell"; done

beat() {
  exec unshare --root "$root" --wd /data --setgid "${user#*:}" --setuid "${user%:*}" env -i PATH=/usr/local/bin:/usr/bin:/bin \
    NODE_ENV=production BEAT_CONFIG=/etc/beat node --disable-sigusr1 /app/dist/cli/beat.js "$@"
}
say() { printf '\n── %s\n' "$*"; }
fail() { cat "$run/log"; echo "FAILED: $*" >&2; exit 1; }

say 'beat --version, beat check'
(beat --version)
(beat check)

say 'beat, until it has sent three tasks'
beat >"$run/log" 2>&1 &
until [ "$(grep -c '"event":"sent"' "$run/log")" -ge 3 ]; do
  [ "$SECONDS" -lt 60 ] && kill -0 $! || fail 'no task was sent'
  sleep 0.2
done
head -n 5 "$run/log"

say 'HEALTHCHECK'
(beat healthcheck) || fail 'the health check fails while beat runs'

say 'SIGTERM'
kill -TERM $!
wait $! || fail "beat exited with $?, expected 0"
tail -n 1 "$run/log"
! (beat healthcheck) || fail 'the health check passes while beat does not run'
INSIDE

say 'the image builds and runs'
