// In files: a field that is null is one that is not there. vpsAdminOS writes it so where a file is older than the
// field.

import { z } from 'zod'

/** @param schema of a field that need not be there */
export function nullIsNone<T extends z.core.SomeType>(schema: T) {
  return z.preprocess((value: unknown) => value ?? undefined, schema)
}
