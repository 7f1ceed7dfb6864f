// Which version of the package this is, as both programs say it.

import { readFile } from 'node:fs/promises'

export async function packageVersion(): Promise<string> {
  // osctl is one file in dist/cli: from there it is as far as from here.
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version
}
