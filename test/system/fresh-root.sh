#!/bin/bash
# Proves that the two commands work where nobody was before: a root made by debootstrap, an empty
# HOME, a clone of what is committed, and nothing of this machine but its kernel, Node.js and archives.
#
#   test/system/fresh-root.sh [bookworm|trixie] [demo] [test]
#
# Takes some minutes, so it is not a part of the test suite: npm run test:fresh
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
suite=${1:-bookworm}
shift || true
commands=("$@")
[ ${#commands[@]} -gt 0 ] || commands=(demo test)

[ "$(id -u)" -eq 0 ] || { echo "must run as root" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "debootstrap is missing" >&2; exit 1; }
. "$project/scripts/progress.sh"

fresh=$(mktemp -d /var/tmp/vpsadminos-fresh.XXXXXX)
identity=$(stat -c %d:%i "$fresh")

# Whatever still runs in there, found by the directory that it has as its root.
survivors() {
  local root
  for root in /proc/[0-9]*/root; do
    [ "$(stat -L -c %d:%i "$root/" 2>/dev/null)" != "$identity" ] || basename "$(dirname "$root")"
  done
}
clean_up() {
  local pid
  for pid in $(survivors); do kill -KILL "$pid" 2>/dev/null || true; done
  rm -rf --one-file-system "$fresh"
}
trap clean_up EXIT

mirror=$(apt-get --print-uris update |
  sed -n "s,^'\(https\?://[^']*/debian\)/dists/.*,\1,p" | sed -n 1p)
mirror=${mirror:-http://deb.debian.org/debian}

install_node() {
  local node npm
  node=$(readlink -f "$(command -v node)")
  npm=$(npm root -g)/npm
  install -D "$node" "$fresh/usr/local/bin/node"
  mkdir -p "$fresh/usr/local/lib/node_modules" "$fresh/usr/local/include"
  cp -a "$npm" "$fresh/usr/local/lib/node_modules/"
  # npm's own settings are part of this machine.
  rm -f "$fresh/usr/local/lib/node_modules/npm/npmrc"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$fresh/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$fresh/usr/local/bin/npx"
  [ ! -d "$(dirname "$(dirname "$node")")/include/node" ] ||
    cp -a "$(dirname "$(dirname "$node")")/include/node" "$fresh/usr/local/include/"
}

# Where packages come from is the one thing that a fresh machine is told.
environment=(HOME=/root "TERM=${TERM:-dumb}" "REQUIRED=${REQUIRED:-}"
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
share_sources() {
  local registry
  cp /etc/resolv.conf "$fresh/etc/resolv.conf"
  registry=$(cd / && npm config get registry 2>/dev/null)
  environment+=("npm_config_registry=$registry")
  if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
    install -D -m 0644 "$NODE_EXTRA_CA_CERTS" "$fresh/etc/extra-ca.crt"
    environment+=(NODE_EXTRA_CA_CERTS=/etc/extra-ca.crt)
  fi
}

inside() {
  unshare --mount --propagation private bash -ec '
    for directory in proc sys dev; do mount --rbind "/$directory" "$0/$directory"; done
    exec chroot "$0" env -i "$@"
  ' "$fresh" "${environment[@]}" bash -c "cd /root/vpsadminos && $1"
}

step "Making a fresh $suite" debootstrap --variant=minbase "$suite" "$fresh" "$mirror"
step "Installing Node.js $(node -v) in it" install_node
share_sources
step "Cloning" git clone --quiet "file://$project" "$fresh/root/vpsadminos"

status=0
for command in "${commands[@]}"; do
  case $command in
    demo) line="npm run demo" ;;
    test) line="npm test" ;;
    *) line=$command ;;
  esac
  echo "=== $line, in a fresh $suite"
  started=$(date +%s)
  if inside "$line"; then result=passed; else result=FAILED status=1; fi
  echo "=== $line: $result after $(($(date +%s) - started)) s"
done
left=$(survivors)
if [ -n "$left" ]; then
  echo "=== processes were left behind: $left"
  for pid in $left; do tr '\0' ' ' <"/proc/$pid/cmdline"; echo; done
  status=1
fi
exit "$status"
