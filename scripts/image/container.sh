# Runs containers with crun as a cluster with the restricted profile does: as the user of the image, on a
# read-only root file system, without capabilities and new privileges, as PID 1. The network is the host's.
# To be sourced: uses $root (the file system of the image), $user, $run (a folder), and `fail`.

# crun rejects hosts that mount both versions of cgroups; it sees only the second one in this mount namespace.
mount -t cgroup2 none /sys/fs/cgroup

oci() { crun --root "$run/crun" --cgroup-manager=disabled "$@"; }

# The process of a container: write_process ENVIRONMENT COMMAND…
write_process() {
  node -e '
    const [user, environment, ...args] = process.argv.slice(1);
    const [uid, gid] = user.split(":").map(Number);
    const image = ["PATH=/usr/local/bin:/usr/bin:/bin", "NODE_ENV=production", "BEAT_CONFIG=/etc/beat"];
    const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
    console.log(JSON.stringify({
      terminal: false, user: { uid, gid }, args, env: [...image, ...environment.split(" ").filter(Boolean)],
      cwd: "/data", capabilities: none, noNewPrivileges: true,
    }));' "$user" "$@"
}

BEAT=(node --disable-sigusr1 --max-old-space-size-percentage=50 --max-semi-space-size=4 /app/dist/cli/beat.js)

# Runs in the foreground: container NAME ENVIRONMENT COMMAND…; $data is the folder of /data, if set.
container() {
  local name=$1 bundle=$run/$1
  shift
  mkdir -p "$bundle"
  PROCESS=$(write_process "$@") node -e '
    const tmpfs = (destination, ...options) =>
      ({ destination, type: "tmpfs", source: "tmpfs", options: ["nosuid", ...options] });
    const bind = (source, destination, mode) =>
      ({ destination, type: "bind", source, options: ["rbind", mode] });
    const [root, schedules, data] = process.argv.slice(1);
    const types = ["pid", "ipc", "uts", "mount"];
    console.log(JSON.stringify({
      ociVersion: "1.0.0", hostname: "beat",
      process: JSON.parse(process.env.PROCESS),
      root: { path: root, readonly: true },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        tmpfs("/dev", "strictatime", "mode=755", "size=65536k"),
        tmpfs("/dev/shm", "nodev", "noexec", "mode=1777", "size=65536k"),
        bind(schedules, "/etc/beat", "ro"),
        ...(data ? [bind(data, "/data", "rw")] : []),
      ],
      linux: { namespaces: types.map((type) => ({ type })) },
    }));' "$root" "$run/schedules" "${data:-}" >"$bundle/config.json"
  oci run --bundle "$bundle" "$name"
}

# Runs a command in a running container: inside NAME COMMAND…
inside() {
  local name=$1
  shift
  write_process '' "$@" >"$run/process.json"
  oci exec --process "$run/process.json" "$name"
}
