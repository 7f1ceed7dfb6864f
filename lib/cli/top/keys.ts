// Keys that are pressed at the terminal, by name: `up`, `return`, `q`.

import { emitKeypressEvents, type Key } from 'node:readline'

/**
 * A key of text is that text.
 *
 * @returns ends it
 */
export function onKeys(press: (key: string) => void): () => void {
  const { stdin } = process
  emitKeypressEvents(stdin)
  const take = (text: string | undefined, { name = '', ctrl = false }: Key) => {
    if (ctrl) return press(`ctrl-${name}`)
    if (text === ' ') return press('space')
    press(text !== undefined && /^[^\p{Cc}]$/u.test(text) ? text : name)
  }
  stdin.on('keypress', take)
  stdin.resume()
  return () => {
    stdin.off('keypress', take)
    stdin.pause()
  }
}

export const HELP: readonly (readonly [key: string, meaning: string])[] = [
  ['q', 'quit; back from processes and from here'],
  ['< >, left, right', 'sort by another column'],
  ['r, R', 'the other way round'],
  ['up, down, PgUp, PgDn, Home, End', 'select'],
  ['space', 'mark, so that it is found again'],
  ['Enter, t, h', 'processes of the selected container'],
  ['m', 'rates, or sums since the beginning'],
  ['p', 'pause, and go on'],
  ['/', 'only what has this in its name; Enter keeps it, Escape forgets it'],
  ['?', 'this'],
  ['Ctrl-L', 'draw all anew'],
  ['Ctrl-Z', 'back to the shell; `fg` goes on'],
]
