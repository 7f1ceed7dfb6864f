#!/bin/bash
# Builds the addon and the keeper with sanitizers, by CMake, and runs the tests on them.
#
#   scripts/test-sanitized.sh                        all tests under AddressSanitizer and UBSan
#   scripts/test-sanitized.sh test/native test/lib   a part of them
#   SANITIZE=thread scripts/test-sanitized.sh test/native/bridge test/lifecycle
#
# Node itself is not instrumented, and every program that a test starts has the runtime preloaded. So
# leaks do not change exit codes, and no list of Node's leaks is kept: a leak counts when our code is
# nearer to the allocation than Node's, and any other finding when our code is in its stack at all.
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
mkdir -p -m 1777 "$reports" # also for what runs without root
# The runtime writes beside the program that it finds something in; errors end that program.
common="log_path=$reports/report:exitcode=0"
export ASAN_OPTIONS="$common:abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="print_stacktrace=1"
export TSAN_OPTIONS="log_path=$reports/report:second_deadlock_stack=1:ignore_noninstrumented_modules=1"
export VPSADMINOS_ADDON=$out/Debug/addon.node

# All of them by default, but for one that compiles the addon again, without sanitizers.
if [ $# -eq 0 ]; then
  mapfile -t files < <(node_modules/.bin/tap list | grep -v test/system/npm-pack.ts)
  set -- "${files[@]}"
fi

status=0
LD_PRELOAD=$("${CXX:-c++}" -print-file-name=$runtime) \
  node node_modules/.bin/tap --timeout=600 --reporter=tap "$@" || status=$?

# One file per process; a paragraph is one finding with its stack.
found=0
for file in "$reports"/*; do
  [ -e "$file" ] || continue
  awk -v RS= '
    function is_ours(frame) {
      return frame ~ /(addon|selftest)\.node|\/keeper\+|native\/(addon|abi|base|cgroup|keeper|lxc|napi|ns|zfs)[\/.]/
    }
    function counts(    lines, n, i, leak) {
      if ($0 !~ /(leak of|ERROR: |WARNING: |runtime error: )/) return 0
      leak = $0 ~ /leak of/
      n = split($0, lines, "\n")
      for (i = 1; i <= n; i++) {
        if (is_ours(lines[i])) return 1
        if (leak && lines[i] ~ /\/node\+0x|deps\/uv\/| (v8|node)::/) return 0
      }
      return 0
    }
    counts() { print; print ""; total++ }
    END { exit total == 0 }' "$file" && found=$((found + 1))
done
echo "$found processes with findings of the sanitizers in our code; test status $status"
[ "$found" -eq 0 ] && [ "$status" -eq 0 ]
