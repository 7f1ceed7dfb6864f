// Attributes: what people and programs note about an entity, `vendor:key` and a text each.

import { z } from 'zod'

const name = z
  .string()
  .max(200, 'must be at most 200 characters')
  // eslint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^:\0-\x1f\x7f]+:[^\0-\x1f\x7f]+$/, 'must be like "vendor:key"')

const value = z
  .string()
  .max(8192, 'must be at most 8192 characters')
  .refine((text) => !text.includes('\0'), 'must not hold NUL')

/** What is to change; `null` takes one away. */
export const attributeChanges = z.record(name, value.nullable())

/** `attrs` in the file of an entity; what is no text was written by hand. */
export const attrsFile = z.record(z.string(), z.unknown()).nullish()
export type AttrsFile = z.output<typeof attrsFile>
