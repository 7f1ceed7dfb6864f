#!/bin/bash
# clang-format over all C and C++, with its options: --dry-run -Werror, or -i
set -euo pipefail
cd "$(dirname "$0")/.."

# Lists that are included once for each of their uses have a shape of their own.
find native fuzz/native test/native bench/floor test/system -name '*.cc' -o -name '*.c' -o -name '*.h' |
  grep -v '\.def\.h$' | sort | xargs node_modules/.bin/clang-format "$@"
