#!/bin/bash
# Sets up what is missing, then runs everything that can say "no": types, lint, tests.
#
#   npm test                       all of it
#   npm test -- test/lib/image     some test files or folders, without types and lint
#
# REQUIRED=root,liblxc,… turns skips for want of these into failures; VM=no leaves the virtual machine
# out. The last line is `N passed, N failed, N skipped`.
set -uo pipefail

. "$(dirname "$0")/begin.sh"
passed=0 failed=0 skipped=0

finish() {
  mkdir -p out
  echo "$passed passed, $failed failed, $skipped skipped" | tee out/summary
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# check WHAT COMMAND…: counts as one test.
check() { result step "$@"; }
result() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

# background WHAT COMMAND…: the same, of which `finish_background` has the result.
pids=() outputs=()
background() {
  local what=$1 output
  shift
  output=$(mktemp "${TMPDIR:-/tmp}/vpsadminos-check.XXXXXX")
  step "$what" chrt --idle 0 "$@" >"$output" 2>&1 &
  pids+=($!) outputs+=("$output")
}
finish_background() {
  local i
  for i in "${!pids[@]}"; do
    result wait "${pids[i]}"
    grep -v '  still at it' "${outputs[i]}"
    rm -f "${outputs[i]}"
  done
  pids=()
}
trap '[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null' EXIT

scripts/setup.sh test || { failed=1; finish; }

if [ $# -eq 0 ]; then
  # With what the tests leave of the processors: they wait for much.
  background "Lint" node_modules/.bin/eslint .
  case ,${REQUIRED:-}, in
    *,clang-tidy,*) background "Lint of C++" bash scripts/lint-native.sh ;;
    *) echo "Lint of C++ is left out: npm run lint:native runs it (clang-tidy, some minutes)." ;;
  esac
  check "Types of tests and declarations" node_modules/.bin/tsc -p test
  check "Types of the benchmarks" node_modules/.bin/tsc -p bench --noEmit
  check "Format" node_modules/.bin/prettier --check .
  check "Format of C and C++" bash scripts/format-native.sh --dry-run -Werror
fi

files=()
for path in "$@"; do
  if [ -d "$path" ]; then
    while read -r file; do files+=("$file"); done < <(find "$path" -name '*.ts' | sort)
  else
    files+=("$path")
  fi
done
# count STATUS: what tap-summary.js has left, of a run that ended with that status.
count() {
  local p=0 f=0 s=0
  read -r p f s <out/tap-counts || true
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  # tap also fails when a test file dies or a plan is not met, which no assertion counts.
  [ "$1" -eq 0 ] || [ "$f" -gt 0 ] || failed=$((failed + 1))
}

rm -f out/tap-counts
node_modules/.bin/tap --reporter=tap "${files[@]}" | node scripts/tap-summary.js out/tap-counts
count "${PIPESTATUS[0]}"
finish_background

if [ $# -gt 0 ]; then
  :
elif [ "$(uname -m)" != x86_64 ]; then
  echo "The tests on kernels of distributions are left out: their virtual machine is an x86_64."
elif [ "${VM:-}" = no ]; then
  echo "The tests on kernels of distributions are left out, as VM=no says."
else
  echo "The chosen part of the tests on kernels of distributions (all: npm run test:vm):"
  rm -f out/tap-counts
  bash scripts/test-vm.sh --chosen
  count $?
fi
finish
