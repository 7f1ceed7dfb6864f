// What to say of a command or an option that there is not: why vpsAdminOS has it and we have not, or which one was meant.

import { readFile } from 'node:fs/promises'
import { distance } from 'fastest-levenshtein'
import type { Option } from './command.js'
import type { UnknownWordError } from './errors.js'
import { globalOptions } from './global-options.js'

interface State {
  readonly state?: 'later' | 'dropped'
  readonly why?: string
}
interface Original extends State {
  readonly command: string
  readonly options?: Readonly<Record<string, State>>
}

/**
 * @param path of the command whose options were looked at
 * @returns null when nothing is known
 */
export async function insteadOf(
  error: UnknownWordError,
  path: readonly string[],
): Promise<string | null> {
  return ofAll(error) ?? (await ofOriginal(error, path.join(' '))) ?? nearest(error)
}

function ofAll({ word }: UnknownWordError): string | null {
  const all = Object.entries<Option>(globalOptions)
  const isOne = all.some(([name, { short }]) => [`--${name}`, `-${short}`].includes(word))
  return isOne ? `${word} is an option of all commands: it stands before their names` : null
}

async function ofOriginal({ word }: UnknownWordError, command: string): Promise<string | null> {
  const file = new URL('../../share/original-commands.json', import.meta.url)
  const originals = JSON.parse(await readFile(file, 'utf8')) as readonly Original[]
  const option = originals.find((one) => one.command === command)?.options
  const name = word.replace(/^--/, '')
  const absent =
    option !== undefined && Object.hasOwn(option, name)
      ? option[name]
      : // With what is below it: `ct devices` has `ls`, `add` and others.
        originals.find((one) => `${one.command} `.startsWith(`${word} `) && one.state !== undefined)
  if (absent?.why === undefined) return null
  return absent.state === 'later'
    ? `vpsAdminOS has it; here it waits for: ${absent.why}`
    : `vpsAdminOS has it; here it is not needed: ${absent.why}`
}

/** A third of its letters may be wrong: of two, one. */
function nearest({ word, known }: UnknownWordError): string | null {
  const last = (name: string) => name.replace(/^(.* |--)/, '')
  const [best] = known
    .map((name) => ({ name, wrong: distance(last(word), last(name)) }))
    .filter(({ name, wrong }) => wrong <= Math.max(1, Math.floor(last(name).length / 3)))
    .sort((a, b) => a.wrong - b.wrong)
  return best === undefined ? null : `was '${best.name}' meant?`
}
