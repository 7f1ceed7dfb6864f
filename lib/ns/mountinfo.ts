// What is mounted where in this process's mount namespace, proc_pid_mountinfo(5).

import { readFile } from 'node:fs/promises'

export interface MountEntry {
  /** What of the filesystem is mounted: `/` is all of it. */
  readonly root: string
  readonly path: string
  readonly type: string
  readonly source: string
}

/** In the order in which they were mounted. */
export async function mountTable(path = '/proc/self/mountinfo'): Promise<MountEntry[]> {
  return parseMountTable(await readFile(path, 'utf8'))
}

export function parseMountTable(text: string): MountEntry[] {
  return text.split('\n').flatMap((line) => {
    // Between the options and the type stands any number of further fields, ended by a dash.
    const [before = '', after = ''] = line.split(' - ', 2)
    const [, , , root, path] = before.split(' ').map(unescape)
    const [type, source] = after.split(' ').map(unescape)
    if (root === undefined || path === undefined || type === undefined || source === undefined)
      return []
    return [{ root, path, type, source }]
  })
}

// Blanks and the like are in octal.
function unescape(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  )
}
