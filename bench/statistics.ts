// Order statistics of a row's samples: no average, since one grace period would move it.

export interface Summary {
  median: number
  p99: number
  n: number
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b)
  const rank = (part: number): number => {
    const value = sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)]
    return value ?? Number.NaN
  }
  return { median: rank(0.5), p99: rank(0.99), n: sorted.length }
}
