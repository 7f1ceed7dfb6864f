// Links of a page in Markdown to files of the project, and the headings that they may lead to.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Link {
  /** In the project, as the page itself is. */
  readonly path: string
  /** As it stands behind `#`; null for the page as a whole. */
  readonly heading: string | null
}

function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replace(/^```[^]*?^```$/gm, '')
}

export function linksIn(page: string): Link[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', heading = null] = target.split('#')
      return { path: file === '' ? page : join(dirname(page), file), heading }
    })
}

/** As GitHub calls them in an address. */
export function headingsOf(page: string): Set<string> {
  const titles = [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title)
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
