// The password of a container's user, as the tools in it keep it.

import { z } from 'zod'
import { UnsupportedError } from '../host/errors.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { KeeperError } from '../keeper/errors.js'
import { parse } from '../schema/parse.js'
import { execInContainer } from './exec.js'
import type { ContainerRecord } from './record.js'

/** Milliseconds. The program is the guest's own, and may never end. */
const TIMEOUT_MS = 30_000

/** Their chpasswd writes what is typed with DES, which has 8 characters, unless it is told. */
const MUST_BE_TOLD = ['void', 'chimera', 'guix']

export const passwordInput = z.strictObject({
  user: z.string().regex(/^[^\0-\x20:\x7f]{1,100}$/, 'must be the name of a user'),
  password: z
    .string()
    .min(1, 'must not be empty')
    .max(1000, 'must be at most 1000 characters')
    // chpasswd(8) reads lines of `user:password`.
    .regex(/^[^\0\r\n]*$/, 'must be one line'),
})

/**
 * Runs chpasswd(8) in it. One that is stopped is started for that alone.
 *
 * @throws UnsupportedError when there is none, or it refuses; TimeoutError for one that does not end within 30 seconds
 */
export async function setPassword(
  record: ContainerRecord,
  user: string,
  password: string,
  options: OperationOptions = {},
): Promise<void> {
  checkOptions(options, 'setPassword')
  const { signal } = options
  const checked = parse(passwordInput, { user, password }, 'setPassword')
  const { distribution } = record.config
  const told = MUST_BE_TOLD.includes(distribution) ? ['-c', 'SHA512'] : []
  const what = `a password for ${checked.user}`
  const {
    exitCode,
    signal: ended,
    stderr,
  } = await execInContainer(record, ['chpasswd', ...told], {
    stdin: `${checked.user}:${checked.password}\n`,
    run: true,
    timeout: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  }).catch((error: unknown) => {
    const missing = error instanceof KeeperError && error.step === 'exec' && error.code === 'ENOENT'
    throw missing ? new UnsupportedError(what, 'it has no chpasswd(8)', { cause: error }) : error
  })
  if (exitCode === 0) return
  const why = stderr.toString().trim().split('\n').at(-1) ?? ''
  throw new UnsupportedError(what, why === '' ? `chpasswd ended with ${exitCode ?? ended}` : why)
}
