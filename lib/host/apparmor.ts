// The AppArmor profile of containers. Its name is made of its content; it is loaded once after a boot.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'

/** Where there is no AppArmor, `profile` is null; where ours is not loaded, it is what LXC calls so. */
export interface Apparmor {
  readonly enabled: boolean
  /** What containers get. `unchanged`: they are not confined by AppArmor. */
  readonly profile: string | null
  /** Why containers are not confined, when they are not. */
  readonly reason: string | null
}

const template = new URL('../../share/apparmor/container.profile', import.meta.url)

/** What containers get as things are. */
export async function apparmor(): Promise<Apparmor> {
  if ((await contentOf('/sys/module/apparmor/parameters/enabled')).trim() !== 'Y') {
    return { enabled: false, profile: null, reason: 'the kernel has none, or it is off' }
  }
  const { name } = await profile()
  const loaded = (await contentOf('/sys/kernel/security/apparmor/profiles')).split('\n')
  if (loaded.some((line) => line.startsWith(`${name} `))) {
    return { enabled: true, profile: name, reason: null }
  }
  return { enabled: true, profile: 'unchanged', reason: `profile ${name} is not loaded` }
}

/**
 * Loads the profile when it is not loaded. Compiling it is a program's work, which is why it is done
 * when a host is opened and never when a container starts.
 */
export async function loadApparmor(): Promise<Apparmor> {
  const before = await apparmor()
  if (before.profile !== 'unchanged') return before
  const { text } = await profile()
  let failure = await parse(text)
  if (failure !== null) failure = await parse(text.replace(/^ *userns,$/m, ''))
  const after = await apparmor()
  return failure === null || after.profile !== 'unchanged' ? after : { ...after, reason: failure }
}

async function profile(): Promise<{ name: string; text: string }> {
  const content = await readFile(template, 'utf8')
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 12)
  const name = `vpsadminos-container-${hash}`
  return { name, text: content.replaceAll('@NAME@', name) }
}

/** Null when the profile was loaded, else why not. */
async function parse(content: string): Promise<string | null> {
  const parser = spawn('apparmor_parser', ['--replace', '--skip-cache', '--quiet'], {
    stdio: ['pipe', 'ignore', 'pipe'],
  })
  let complaint = ''
  parser.stderr.setEncoding('utf8').on('data', (words: string) => (complaint += words))
  // It may end before it has read everything, and then says why.
  parser.stdin.on('error', () => undefined).end(content)
  try {
    const [status] = (await once(parser, 'close')) as [number | null]
    return status === 0 ? null : `apparmor_parser: ${complaint.trim()}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function contentOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
