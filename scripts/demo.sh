#!/bin/bash
# From a clone to three running Debian containers and back.
#
#   npm run demo              on this machine
#   npm run demo -- --vm      in a virtual machine with Debian 13's kernel, or
#   npm run demo -- --vm debian-12
#
# DEMO_SUITE   bookworm (default) or trixie
set -euo pipefail

. "$(dirname "$0")/begin.sh"

case $* in
  '') scripts/setup.sh demo ;;
  --vm | '--vm debian-13' | '--vm debian-12' | '--vm newest') scripts/setup.sh demo-vm ;;
  *) echo "usage: npm run demo [-- --vm [debian-13|debian-12|newest]]" >&2; exit 2 ;;
esac

suite=${DEMO_SUITE:-bookworm}
step "Preparing the Debian image ($suite)" images/debian/cached.sh "$suite"
archive=$(images/debian/cached.sh "$suite")
if [ "${1:-}" = --vm ]; then
  exec node --import=@tapjs/typescript/import test/vm/demo.ts "$archive" "$suite" "${2:-debian-13}"
fi
exec node scripts/demo/main.js "$archive" "$suite"
