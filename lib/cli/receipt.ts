// What a deletion could not remove.

export interface Receipt {
  readonly leftovers: readonly { readonly kind: string; readonly what: string }[]
}

/** @returns what osctl ends with */
export function tellLeftovers({ leftovers }: Receipt): number {
  for (const left of leftovers) process.stderr.write(`left: ${JSON.stringify(left)}\n`)
  return leftovers.length === 0 ? 0 : 1
}
