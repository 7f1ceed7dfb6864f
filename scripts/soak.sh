#!/bin/bash
# npm run soak: thousands of lives of containers, counted from outside: docs/soak.md
set -euo pipefail

. "$(dirname "$0")/begin.sh"
bash scripts/setup.sh soak

mkdir -p out
cc -O2 -Wall -Wextra -static -o out/quiet-init test/system/quiet-init.c
exec node --import=@tapjs/typescript/import test/soak/main.ts out/quiet-init "$@"
