#!/bin/bash
# npm run bench: sets up what is compared, builds what is timed, and runs it in a mount namespace of its
# own, so that what it mounts or shows differently ends with it.
set -euo pipefail

. "$(dirname "$0")/begin.sh"
bash scripts/setup.sh bench

out=out/bench/floor
mkdir -p "$out"
flags=(-std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Wno-format-truncation -Inative)
# Without a C library: they run in the container and begin with their first instruction.
for name in init true; do
  cc "${flags[@]}" -static -nostdlib -ffreestanding -fno-stack-protector -fno-pie -no-pie \
    -o "$out/$name" "bench/floor/$name.c"
done
for name in start stop exec rootfs spawn warm; do
  cc "${flags[@]}" -static -o "$out/$name" "bench/floor/$name.c"
done
cc "${flags[@]}" -o "$out/liblxc" bench/floor/liblxc.c -ldl
node_modules/.bin/tsc -p bench

exec unshare --mount --propagation slave node out/bench/main.js "$@"
