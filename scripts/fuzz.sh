#!/bin/bash
# Searches for inputs on which a parser crashes, hangs, or does not say what it should. How: fuzz/README.md
#
#   scripts/fuzz.sh                            every target, 10 minutes each
#   scripts/fuzz.sh --seconds 60 --jobs 2      shorter, two at a time
#   scripts/fuzz.sh --only plan --only tar     these
#
# What is found is kept in out/fuzzing/findings, and makes it fail at the end.
set -euo pipefail
. "$(dirname "$0")/begin.sh"

seconds=600
jobs=1
only=()
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2 && shift 2 ;;
    --jobs) jobs=$2 && shift 2 ;;
    --only) only+=("$2") && shift 2 ;;
    *) sed -n '2,/^set/{s/^# \{0,1\}//;/^set/d;p}' "$0" >&2 && exit 2 ;;
  esac
done

scripts/setup.sh fuzz
build=out/libfuzzer
CXX=clang++ cmake -S . -B "$build" -G Ninja --log-level=WARNING \
  -DCMAKE_BUILD_TYPE=RelWithDebInfo -DLIBFUZZER=ON -DSANITIZE=address,undefined >"$build.log" 2>&1 &&
  step "Building the native targets" ninja -C "$build" fuzz || {
  cat "$build.log" >&2
  exit 1
}

work=out/fuzzing
mkdir -p "$work/findings" "$work/logs"
# Every tag of the protocol, as it begins a field: two bytes, then two zeros.
awk -F '[(, )]+' '/^KEEPER_TAG/ { printf "\"\\x%02x\\x00\\x00\\x00\"\n", $3 }' \
  native/keeper/protocol.def.h >"$work/protocol.dict"

names() {
  find fuzz/corpus -mindepth 1 -maxdepth 1 -printf '%f\n' | sort
}
# native NAME: whether it is one of those in C++; the others are modules in fuzz/lib.
native() { [ -e "fuzz/native/${1//-/_}.cc" ]; }

command_of() {
  local name=$1
  if native "$name"; then
    # One of them goes where nothing else can be written to.
    command=(env FUZZ_WRITABLE="$PWD/$work" "$build/fuzz/$name")
  else
    command=(env LD_PRELOAD="$PWD/out/jazzer/newer-glibc.so" node fuzz/node_modules/.bin/jazzer "fuzz/lib/$name.js"
      -i "$PWD/dist" -i "$PWD/fuzz/lib" -i "$PWD/node_modules/yaml" -e "$PWD/fuzz/node_modules"
      --disable_bug_detectors '.*' --timeout 20000)
    grep -q 'export async function fuzz' "fuzz/lib/$name.js" || command+=(--sync)
    command+=(--)
  fi
}

fuzz_one() {
  local name=$1 command flags log=$work/logs/$1 status=0
  mkdir -p "$work/corpus/$name"
  command_of "$name"
  flags=(-max_total_time="$seconds" -timeout=20 -rss_limit_mb=3072 -print_final_stats=1 -max_len=8192
    -artifact_prefix="$work/findings/$name-")
  if [ -e "fuzz/dictionaries/$name.dict" ]; then
    flags+=(-dict="fuzz/dictionaries/$name.dict")
  elif [ "$name" = protocol ]; then
    flags+=(-dict="$work/protocol.dict")
  fi
  "${command[@]}" "${flags[@]}" "$work/corpus/$name" "fuzz/corpus/$name" >"$log" 2>&1 || status=$?
  line "$name" "$status"
}

# One line of the table, from what libFuzzer printed last.
line() {
  awk -v name="$1" -v status="$2" '
    / cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:") edges = $(i + 1); if ($i == "corp:") corpus = $(i + 1) } }
    /^stat::number_of_executed_units/ { runs = $2 }
    /^stat::average_exec_per_sec/ { rate = $2 }
    END { printf "%-18s %12s %9s %7s %7s   %s\n", name, runs, rate, edges, corpus + 0, status == 0 ? "" : "FINDING" }
  ' "$work/logs/$1"
}

printf '%-18s %12s %9s %7s %7s\n' target runs runs/s edges corpus
running=0
for name in $(names); do
  [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $name "* ]] || continue
  if [ "$running" -ge "$jobs" ]; then
    wait -n || true
    running=$((running - 1))
  fi
  fuzz_one "$name" &
  running=$((running + 1))
done
wait

found=0
for file in "$work"/findings/*; do
  [ -e "$file" ] || continue
  found=$((found + 1))
  [ "$found" -gt 1 ] || echo "What was found; the same again by:"
  name=$(basename "$file" | sed -E 's/-(crash|leak|oom|slow-unit|timeout)-[0-9a-f]+$//')
  command_of "$name"
  echo "  ${command[*]} $file"
done
[ "$found" -eq 0 ]
