// Arithmetic of counters, by their names.

export type Numbers<Name extends string> = Readonly<Record<Name, number>>

function each<Name extends string>(
  of: Numbers<Name>,
  what: (value: number, name: Name) => number,
): Numbers<Name> {
  const names = Object.keys(of) as Name[]
  return Object.fromEntries(names.map((name) => [name, what(of[name], name)])) as Numbers<Name>
}

/** What was counted meanwhile; a counter that is lower than it was has begun anew. */
export function since<Name extends string>(
  before: Numbers<Name>,
  now: Numbers<Name>,
): Numbers<Name> {
  return each(now, (value, name) => (value >= before[name] ? value - before[name] : value))
}

export function plus<Name extends string>(a: Numbers<Name>, b: Numbers<Name>): Numbers<Name> {
  return each(a, (value, name) => value + b[name])
}

/** Never less than nothing. */
export function without<Name extends string>(
  whole: Numbers<Name>,
  parts: Iterable<Numbers<Name>>,
): Numbers<Name> {
  let left = whole
  for (const part of parts) left = each(left, (value, name) => value - part[name])
  return each(left, (value) => Math.max(0, value))
}

export function times<Name extends string>(of: Numbers<Name>, factor: number): Numbers<Name> {
  return each(of, (value) => value * factor)
}

export function nothing<Name extends string>(of: Numbers<Name>): Numbers<Name> {
  return times(of, 0)
}

/** Two digits behind the point, for whoever reads them. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100
}

/** In percent; of nothing, nothing. */
export function percent(part: number, whole: number): number {
  return whole > 0 ? (part / whole) * 100 : 0
}
