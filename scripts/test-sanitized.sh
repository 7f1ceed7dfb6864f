#!/bin/bash
# Builds the addon and the keeper with sanitizers, by CMake, and runs the tests on them.
#
#   scripts/test-sanitized.sh                        all tests under AddressSanitizer and UBSan
#   scripts/test-sanitized.sh test/native test/lib   a part of them
#   SANITIZE=thread scripts/test-sanitized.sh test/native/bridge test/lifecycle
#
# Node itself is not instrumented, and every program that a test starts has the runtime preloaded. So
# leaks do not change exit codes, and no list of other people's leaks is kept: of what is reported in
# the end, only that counts which has our own code in its stack.
set -euo pipefail
. "$(dirname "$0")/begin.sh"

sanitize=${SANITIZE:-address,undefined}
case $sanitize in
  *address*) name=asan runtime=libasan.so ;;
  thread) name=tsan runtime=libtsan.so ;;
  *) echo "SANITIZE is address,undefined or thread" >&2 && exit 2 ;;
esac
out=$PWD/out/$name
reports=$out/reports

node_modules/.bin/tsc -p .
node_modules/.bin/cmake-js build --debug --out "$out" --CDSANITIZE="$sanitize" --log-level error

rm -rf "$reports"
mkdir -p "$reports"
# The runtime writes beside the program that it finds something in; errors end that program.
common="log_path=$reports/report:exitcode=0"
export ASAN_OPTIONS="$common:abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="log_path=$reports/report:second_deadlock_stack=1:ignore_noninstrumented_modules=1"
export VPSADMINOS_ADDON=$out/Debug/addon.node

status=0
LD_PRELOAD=$("${CXX:-c++}" -print-file-name=$runtime) \
  node node_modules/.bin/tap --timeout=600 --reporter=tap "$@" || status=$?

# One report file per process; a paragraph is one finding with its stack.
ours='/(addon|selftest)\.node|/keeper\+|native/(addon|abi|base|cgroup|keeper|lxc|napi|ns)\b'
found=0
for file in "$reports"/*; do
  [ -e "$file" ] || continue
  if awk -v RS= -v ours="$ours" '$0 ~ ours && /(leak of|ERROR:|WARNING:|runtime error)/ { print; print ""; n++ }
      END { exit n == 0 }' "$file"; then
    found=$((found + 1))
  fi
done
echo "$found processes with findings of the sanitizers in our code; test status $status"
[ "$found" -eq 0 ] && [ "$status" -eq 0 ]
