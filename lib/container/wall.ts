// A message to those who are logged in to a container. Who that is, utmp(5) or logind say, and the terminals are
// the guest's: so its own wall(1) writes to them, with the rights of its root and no more.

import { hostname } from 'node:os'
import { z } from 'zod'
import { SystemError } from '../errors.js'
import { UnsupportedError } from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { parse } from '../schema/parse.js'
import { execInContainer } from './exec.js'
import type { ContainerRecord } from './record.js'

/** A terminal may be stopped, and who writes to it waits. */
const TIMEOUT_MS = 10_000
const MAX_OUTPUT = 65_536

export interface WallOptions extends OperationOptions {
  /** Whether it says where it comes from; default true. */
  readonly banner?: boolean | undefined
}

export const wallInput = z.strictObject({
  message: z
    .string()
    .min(1, 'must not be empty')
    .max(10_000, 'must be at most 10000 characters')
    .refine((text) => !text.includes('\0'), 'must be text'),
  banner: z.boolean().optional(),
})

/**
 * @throws UnsupportedError when it has no wall(1), or that refuses
 * @throws StateError unless it runs
 * @throws TimeoutError when the terminals do not take it
 */
export async function wallInContainer(
  record: ContainerRecord,
  message: string,
  options: WallOptions = {},
): Promise<void> {
  checkOptions(options, 'wall', ['banner'])
  const { banner = true, ...checked } = parse(
    wallInput,
    { message, banner: options.banner },
    'wall',
  )
  const text = banner
    ? `Message from host machine ${hostname()} (${new Date().toString()}):\n\n${checked.message}`
    : checked.message
  const run = (args: readonly string[]) =>
    execInContainer(record, args, {
      stdin: `\n\n${text}\n\n`,
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT,
      signal: options.signal,
    })
  try {
    // Without the banner of its own, which that of util-linux can do; Busybox says that it cannot.
    const { exitCode } = await run(['wall', '-n'])
    if (exitCode === 0) return
    const again = await run(['wall'])
    if (again.exitCode === 0) return
    const why = again.stderr.toString().trim().split('\n').at(-1) ?? ''
    throw new UnsupportedError(
      `a message to ${record.name}`,
      why === '' ? `wall ended with ${again.exitCode ?? again.signal}` : why,
    )
  } catch (error) {
    if (!(error instanceof SystemError) || error.code !== 'ENOENT') throw error
    throw new UnsupportedError(`a message to ${record.name}`, 'it has no program wall(1)')
  }
}
