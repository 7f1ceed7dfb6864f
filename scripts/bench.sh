#!/bin/bash
# npm run bench: sets up what is compared, builds what is timed, and runs it in a mount namespace of its
# own, so that what it mounts or shows differently ends with it.
#
#   npm run bench -- zfs                       with ZFS, beside its program, where this machine has it
#   npm run bench -- zfs --vm [debian-12] …    in a virtual machine that has
#   npm run bench -- program-run               a program in a container that is started for it
#   npm run bench -- osctl                     commands of osctl beside a Node.js that does nothing
set -euo pipefail

. "$(dirname "$0")/begin.sh"
zfs= vm= osctl= program_run=
if [ "${1:-}" = program-run ]; then program_run=yes && shift; fi
if [ "${1:-}" = osctl ]; then osctl=yes && shift; fi
if [ "${1:-}" = zfs ]; then
  zfs=yes && shift
  if [ "${1:-}" = --vm ]; then
    vm=debian-13 && shift
    case ${1:-} in debian-13 | debian-12 | newest) vm=$1 && shift ;; esac
  fi
fi
if [ -n "$vm" ]; then bash scripts/setup.sh vm; else bash scripts/setup.sh bench; fi

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

if [ -n "$vm" ]; then exec node --import=@tapjs/typescript/import test/vm/bench.ts "$vm" "$@"; fi
if [ -n "$osctl" ]; then exec node out/bench/osctl/main.js "$@"; fi
if [ -n "$program_run" ]; then exec node out/bench/program-run.js "$@"; fi
if [ -n "$zfs" ]; then exec node out/bench/zfs/main.js "$@"; fi
exec unshare --mount --propagation slave node out/bench/main.js "$@"
