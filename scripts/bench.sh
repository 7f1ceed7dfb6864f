#!/usr/bin/env bash
# npm run bench: installs what the baselines need, builds what is timed, and runs it in a mount
# namespace of its own, so that what it mounts or shows differently ends with it.
set -euo pipefail
cd "$(dirname "$0")/.."

die() {
  echo "bench: $*" >&2
  exit 1
}

[ "$(id -u)" -eq 0 ] || die 'containers are started here: run it as root'

# Everything that the package itself needs: the compiler, liblxc, the npm packages, the build.
bash scripts/setup.sh

packages=()
command -v crun >/dev/null || packages+=(crun)
command -v runc >/dev/null || packages+=(runc)
command -v lxc-start >/dev/null || packages+=(lxc)
command -v newuidmap >/dev/null || packages+=(uidmap)
command -v cc >/dev/null || packages+=(gcc libc6-dev)
if [ ${#packages[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || die "install these first: ${packages[*]}"
  echo "bench: installing ${packages[*]}"
  # Without recommended packages, which would bring services and bridges of their own.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

out=out/bench/floor
mkdir -p "$out"
flags=(-std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wno-format-truncation -Inative)
for name in init true; do
  cc "${flags[@]}" -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie \
    -o "$out/$name" "bench/floor/$name.c"
done
for name in start stop exec rootfs spawn warm; do
  cc "${flags[@]}" -static -o "$out/$name" "bench/floor/$name.c"
done
cc "${flags[@]}" -o "$out/liblxc" bench/floor/liblxc.c -ldl
npx tsc -p bench

exec unshare --mount --propagation slave node out/bench/main.js "$@"
