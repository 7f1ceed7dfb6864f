// The order of lists: by pool, and in it by name. What is written in several orders cannot be compared.

export function inOrder<Shown extends { readonly pool: string }>(
  all: readonly Shown[],
  nameOf: (shown: Shown) => string,
): readonly Shown[] {
  return [...all].sort((a, b) => compare(a.pool, b.pool) || compare(nameOf(a), nameOf(b)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
