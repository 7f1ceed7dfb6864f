// The attacks that are tried, by area. docs/attacks.md declares them: a section for an area, whose file
// is test/attacks/AREA.ts, and a row for an attack.
import { readFileSync } from 'node:fs'

const text = readFileSync(new URL('../../docs/attacks.md', import.meta.url), 'utf8')

export interface AttackRow {
  readonly area: string
  readonly name: string
  readonly guest: string
  readonly outcome: string
  readonly like: string
}

export const attacks: readonly AttackRow[] = text
  .split(/^## /m)
  .slice(1)
  .flatMap((section) => {
    const area = /^.*\(`([a-z]+)`\)/.exec(section)?.[1] ?? ''
    return [...section.matchAll(/^\| ([^|]+)\|([^|]+)\|([^|]+)\|([^|]*)\|$/gm)]
      .map(([, name = '', guest = '', outcome = '', like = '']) => ({
        area,
        name: name.trim(),
        guest: guest.trim(),
        outcome: outcome.trim(),
        like: like.trim(),
      }))
      .filter(({ name }) => name !== 'Name' && !/^-+$/.test(name))
  })

export function attacksOf(area: string): string[] {
  const names = attacks.filter((row) => row.area === area).map(({ name }) => name)
  if (names.length === 0) throw new Error(`docs/attacks.md has no area '${area}'`)
  return names
}
