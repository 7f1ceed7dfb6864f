#!/bin/bash
# clang-tidy over all of the native code, by the commands of the CMake build. What it looks for: .clang-tidy
set -euo pipefail
. "$(dirname "$0")/begin.sh"

REQUIRED=clang-tidy scripts/setup.sh test
find native -name '*.cc' ! -name 'conformance*' | sort |
  xargs -P "$(nproc)" -n 4 clang-tidy -p out/Debug --quiet
