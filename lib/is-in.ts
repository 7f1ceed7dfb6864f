// Whether a list has one that is the same, whichever object that is.

import { isDeepStrictEqual } from 'node:util'

export const isIn =
  (list: readonly unknown[]) =>
  (one: unknown): boolean =>
    list.some((other) => isDeepStrictEqual(other, one))
