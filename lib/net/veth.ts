// Virtual network interfaces of the host.

import { SystemError, traced } from '../errors.js'
import { native } from '../native.js'

/** With its other end, wherever that is; not existing is fine. @throws SystemError EMEDIUMTYPE for another kind */
export async function deleteVeth(name: string): Promise<void> {
  try {
    await traced(native.net.deleteVeth(name))
  } catch (error) {
    if (!(error instanceof SystemError && error.code === 'ENODEV')) throw error
  }
}
