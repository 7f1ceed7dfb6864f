#!/bin/bash
# Runs the engine's tests in a virtual machine, and the tests of that machine: docs/kernel-lab.md
#
#   npm run test:vm                              all of it
#   npm run test:vm -- test/lib/cgroup           some test files or folders of the engine
#   npm run test:vm -- test/vm/tests             the tests of the lab itself
#   npm run test:vm -- --on debian-12,newest …   on these distributions; default debian-13,debian-12
#   npm run test:vm -- --storage zfs …           only with pools of ZFS (or: dir)
#   npm run test:vm -- --coverage …              and says how much of lib/ ran in there
#   npm run test:vm -- --chosen                  what `npm test` runs of it; default debian-13
#   npm run test:vm -- --fresh                   the README's two commands in a fresh Debian 13; long without KVM
#
# The last line is `N passed, N failed, N skipped`, except with --fresh.
set -uo pipefail

. "$(dirname "$0")/begin.sh"

refuse() { echo "$1" >&2; exit 2; }
on= storage= coverage= chosen= fresh=
while :; do
  case ${1:-} in
    --chosen) chosen=yes && shift ;;
    --fresh) fresh=yes && shift && break ;;
    --on) on=${2:?which distributions} && shift 2 ;;
    --storage) storage=${2:?dir or zfs} && shift 2 ;;
    --coverage) coverage=$PWD/out/vm-coverage && shift ;;
    -*) refuse "there is no option $1" ;;
    *) break ;;
  esac
done
case $storage in '' | dir | zfs) ;; *) refuse "there is no storage $storage: dir or zfs" ;; esac
if [ -n "$fresh" ]; then
  scripts/setup.sh vm || exit 1
  exec node --import=@tapjs/typescript/import test/vm/fresh.ts "$@"
fi
if [ -n "$chosen" ]; then
  [ $# -eq 0 ] || refuse "--chosen says which tests, and so does $1"
  on=${on:-debian-13}
  set -- test/vm/tests/{agent-connection,cache,program,qmp,tap-output,temporary,outcomes,confined}.ts \
    test/lib/cgroup/{create-remove,freeze,kept-files,stats}.ts test/lib/keeper/{descriptors,exec,start}.ts
fi

shopt -s extglob
all=(test/vm/tests/!(engine).ts)
lab=() engine=() with_engine=
for path in "$@"; do
  [ -e "$path" ] || refuse "there is no $path"
  path=$(realpath --relative-to=. -- "$path")
  case $path in
    test/vm/tests) lab+=("${all[@]}") ;;
    test/vm/tests/engine.ts) with_engine=yes ;;
    test/vm/tests/*) lab+=("$path") ;;
    *) engine+=("$path") ;;
  esac
done
[ $# -gt 0 ] || lab=("${all[@]}")
[ $# -gt 0 ] && [ ${#engine[@]} -eq 0 ] || with_engine=yes

scripts/setup.sh vm || exit 1
rm -rf out/vm-coverage out/tap-counts
[ -z "$coverage" ] || export VM_COVERAGE=$coverage

export VM_ON=${on:-debian-13,debian-12} VM_STORAGE=$storage VM_FILES="${engine[*]:-}"
# A machine has a gibibyte, and half of one for what its emulator translates; of two processors it seldom uses both.
room=$(awk '/^MemAvailable:/ { print int($2 / (1.5 * 1024 * 1024)) }' /proc/meminfo)
jobs=$room
[ "$jobs" -le "$(nproc)" ] || jobs=$(nproc)
[ "$jobs" -ge 1 ] || jobs=1
export VM_JOBS=$jobs
run_tap() { node_modules/.bin/tap --jobs="$1" --timeout=0 --reporter=tap "${@:2}"; }
# The engine's files have as many machines as there are processors for, and more while these have nothing to do; most of
# the others have one. Those of power cuts wait for half of their time: they are run beside the engine's, where there is
# memory for it. OpenZFS is compiled beside what needs none of it.
beside=() before=()
for path in "${lab[@]}"; do
  case $path in
    */power-cuts.ts | */power-cuts-zfs.ts) beside+=("$path") ;;
    */zfs.ts) before=("$path" "${before[@]}") ;;
    *) before+=("$path") ;;
  esac
done
if [ -z "$with_engine" ] || [ "$room" -lt $((jobs + ${#beside[@]})) ]; then
  before=("${lab[@]}") beside=()
fi
export VM_ROOM=$((room - ${#beside[@]}))
{
  status=0
  [ ${#before[@]} -eq 0 ] || run_tap "$jobs" "${before[@]}" || status=1
  [ -z "$with_engine" ] || run_tap $((1 + ${#beside[@]})) test/vm/tests/engine.ts "${beside[@]}" || status=1
  exit "$status"
} | node scripts/tap-summary.js out/tap-counts
status=${PIPESTATUS[0]}
passed=0 failed=0 skipped=0
read -r passed failed skipped <out/tap-counts || true
[ -z "$coverage" ] || node_modules/.bin/c8 report --temp-directory "$coverage" --all --src lib --exclude-after-remap
[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
