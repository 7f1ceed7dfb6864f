#!/bin/bash
# From a clone to three running Debian containers and back: npm run demo
#
# DEMO_SUITE   bookworm (default) or trixie
set -euo pipefail

. "$(dirname "$0")/begin.sh"
scripts/setup.sh demo

suite=${DEMO_SUITE:-bookworm}
step "Preparing the Debian image ($suite)" images/debian/cached.sh "$suite"
exec node scripts/demo/main.js "$(images/debian/cached.sh "$suite")" "$suite"
