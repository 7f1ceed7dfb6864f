# Shows what takes long: sourced by the other scripts, which then say `step "What" command …`.

# One line a step. The command's output goes to a log, of which the end is shown when it fails.
step() {
  local what=$1 log started pid status=0 shown=0 now
  shift
  log=$(mktemp "${TMPDIR:-/tmp}/vpsadminos-step.XXXXXX")
  started=$(date +%s)
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  # What was begun must not go on alone when the user has had enough.
  trap 'kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; rm -f "$log"; exit 130' INT TERM
  [ -t 1 ] || printf '%s …\n' "$what"
  while kill -0 "$pid" 2>/dev/null; do
    now=$(($(date +%s) - started))
    if [ -t 1 ]; then
      printf '\r\033[K%s … %d s' "$what" "$now"
    elif [ $((now - shown)) -ge 15 ]; then
      shown=$now
      printf '  still at it after %d s: %s\n' "$now" "$(tail -n 1 "$log" | cut -c 1-90)"
    fi
    sleep 0.2
  done
  wait "$pid" || status=$?
  trap - INT TERM
  now=$(($(date +%s) - started))
  [ ! -t 1 ] || printf '\r\033[K'
  if [ "$status" -ne 0 ]; then
    printf '%s: FAILED after %d s. The end of its output (all of it is in %s):\n' "$what" "$now" "$log"
    tail -n 40 "$log" | sed 's/^/  | /'
    return "$status"
  fi
  printf '%s: done in %d s\n' "$what" "$now"
  rm -f "$log"
}
