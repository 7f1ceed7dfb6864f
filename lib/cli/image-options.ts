// Which image is meant, as several commands are told it.

import type { Given, Options } from './command.js'

export const imageOptions = {
  distribution: { value: 'NAME', summary: 'such as debian' },
  version: { value: 'VERSION', summary: 'of it; default: that of the newest image' },
  arch: { value: 'ARCH', summary: 'as Linux calls it: x86_64' },
  vendor: { value: 'NAME', summary: 'who has made it' },
  variant: { value: 'NAME', summary: 'which of several kinds' },
  repository: { value: 'NAME', summary: 'where it is from; `local`: it was imported' },
} satisfies Options

/** Undefined when nothing was said. */
export function imageOf(given: Given<typeof imageOptions>): object | undefined {
  const { distribution, version, arch, vendor, variant, repository: source } = given
  const query = { distribution, version, arch, vendor, variant, source }
  return Object.values(query).every((value) => value === undefined) ? undefined : query
}
