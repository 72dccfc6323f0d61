# Builds the base images of the Dockerfile from Debian's packages and the Node that npm installed, for machines
# that reach no registry of images. To be sourced: uses `build` (buildah), `say` and $work.

# Contains this machine's certificates and npm settings, so that `npm ci` reaches the registry from within the
# build, and the Dockerfile needs neither.
make_node_image() {
  local rootfs=$work/node
  [ -e "$rootfs/etc/debian_version" ] ||
    debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$rootfs" >"$work/debootstrap.log"
  mkdir -p "$rootfs/usr/local/bin" "$rootfs/usr/local/lib/node_modules" "$rootfs/usr/local/etc"
  cp -L node_modules/node/bin/node "$rootfs/usr/local/bin/"
  cp -a "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$rootfs/usr/local/lib/node_modules/npm"
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/local/bin/npm"
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$rootfs/etc/ssl/certs/ca-certificates.crt"
  {
    echo "registry=$(npm config get registry)"
    echo "update-notifier=false"
    echo "cafile=/etc/ssl/certs/ca-certificates.crt"
  } >"$rootfs/usr/local/etc/npmrc"
  commit_image "$1" "$rootfs"
}

# The packages of distroless/cc, which are unpacked and not installed: no shell, no dpkg.
make_distroless_image() {
  local rootfs=$work/distroless packages=$work/packages
  mkdir -p "$rootfs/etc/ssl/certs" "$packages"
  chmod a+rwx "$packages"
  (cd "$packages" && apt-get download --quiet base-files netbase tzdata libc6 libssl3 gcc-12-base libgcc-s1 \
    libgomp1 libstdc++6 >/dev/null)
  for package in "$packages"/*.deb; do dpkg-deb --extract "$package" "$rootfs"; done
  rm -rf "$rootfs"/usr/share/{man,locale,lintian}
  cp /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/"
  printf '%s\n' 'root:x:0:0:root:/root:/sbin/nologin' 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' \
    >"$rootfs/etc/passwd"
  commit_image "$1" "$rootfs"
}

commit_image() {
  local scratch
  scratch=$(build from scratch)
  build add --quiet "$scratch" "$2" / >/dev/null
  build config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$scratch"
  build commit --quiet --rm "$scratch" "$1"
}

make_base_image() {
  build inspect --type image "$1" >/dev/null 2>&1 && return
  say "base image $1"
  case $1 in
    */node:*) make_node_image "$1" ;;
    */distroless/cc-*) make_distroless_image "$1" ;;
    *) echo "scripts/image/base-images.sh cannot build $1" >&2 && return 1 ;;
  esac
}
