// The order of lists: by pool, and in it by name. What is written in several orders cannot be compared.

export function inOrder<Shown extends { readonly pool: string }>(
  all: readonly Shown[],
  nameOf: (shown: Shown) => string,
): readonly Shown[] {
  // Asked once of each, and not in each of ten thousand comparisons.
  return all
    .map((shown) => ({ shown, pool: shown.pool, name: nameOf(shown) }))
    .sort((a, b) => compare(a.pool, b.pool) || compare(a.name, b.name))
    .map(({ shown }) => shown)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
