// Keeps many small pieces of work from becoming one long one. Parsing a container's file takes half a
// millisecond; fifty that arrive together would hold up everything else for twenty-five.

/** Milliseconds of one turn of the event loop that such pieces may take together. */
const BUDGET_MS = 5

let last: Promise<void> = Promise.resolve()
let begin: number | null = null

/**
 * Resolves when it is the caller's turn: at once, unless others have used up this turn of the event
 * loop. What the caller does before its next `await` is the piece.
 */
export function ownTurn(): Promise<void> {
  last = last.then(() => (used() < BUDGET_MS ? undefined : nextTurn()))
  return last
}

function used(): number {
  const now = performance.now()
  if (begin === null) {
    begin = now
    setImmediate(() => (begin = null))
  }
  return now - begin
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
