#!/bin/bash
# From a clone to three running Debian containers and back.
#
#   npm run demo              on this machine
#   npm run demo -- --vm      in a virtual machine with Debian 13's kernel, on ZFS; or
#   npm run demo -- --vm debian-12
#   npm run demo -- --vm debian-13 --storage dir     with its pool in a directory
#
# DEMO_SUITE     bookworm (default) or trixie
# DEMO_DATASET   on this machine: a dataset of ZFS, below which the pool is; default: in a directory
set -euo pipefail

. "$(dirname "$0")/begin.sh"

usage='usage: npm run demo [-- --vm [debian-13|debian-12|newest] [--storage zfs|dir]]'
refuse() { echo "$usage" >&2; exit 2; }
vm= storage=zfs
if [ $# -gt 0 ]; then
  [ "$1" = --vm ] || refuse
  shift
  case ${1:-} in debian-13 | debian-12 | newest) vm=$1 && shift ;; *) vm=debian-13 ;; esac
  case $* in
    '') ;;
    '--storage zfs' | '--storage dir') storage=$2 ;;
    *) refuse ;;
  esac
fi
if [ -n "$vm" ]; then scripts/setup.sh demo-vm; else scripts/setup.sh demo; fi

suite=${DEMO_SUITE:-bookworm}
step "Preparing the Debian image ($suite)" images/debian/cached.sh "$suite"
archive=$(images/debian/cached.sh "$suite")
if [ -n "$vm" ]; then
  exec node --import=@tapjs/typescript/import test/vm/demo.ts "$archive" "$suite" "$storage" "$vm"
fi
exec node scripts/demo/main.js "$archive" "$suite" "${DEMO_DATASET:-}"
