// A file may be from elsewhere: it has LXC be told nothing that could not have been set here.

import { InvalidArgumentError } from '../host/errors.js'
import type { ContainerFile } from '../schema/container.js'
import { isFree, NOT_FREE } from '../schema/cgparam.js'
import { PRLIMIT_NAMES } from '../schema/prlimits.js'
import { checkRawLxc } from './raw-lxc.js'

/** @throws InvalidArgumentError */
export function checkForLxc({ raw, cgparams, prlimits }: ContainerFile): void {
  checkRawLxc(raw.lxc ?? '', 'raw.lxc')
  const names: readonly string[] = PRLIMIT_NAMES
  const limit = Object.keys(prlimits).find((name) => !names.includes(name))
  if (limit !== undefined)
    throw new InvalidArgumentError(`prlimits.${limit}`, 'there is no such limit')
  const param = cgparams.find((one) => !isFree(one))
  if (param !== undefined) throw new InvalidArgumentError(`cgparams.${param.name}`, NOT_FREE)
}
