// Colours of what is printed: green for what is well, red for what is not, yellow for what is on its way or held.

/** ECMA-48 SGR. */
const SGR = { heading: '1', good: '32', between: '33', bad: '31' } as const

export type Tone = keyof typeof SGR

const STATES: Readonly<Record<string, Tone>> = {
  ...{ active: 'good', running: 'good', valid: 'good' },
  ...{ aborting: 'between', freezing: 'between', frozen: 'between', importing: 'between' },
  ...{ pausing: 'between', starting: 'between', stopping: 'between', thawed: 'between' },
  ...{ error: 'bad', invalid: 'bad' },
}

/** Of a cell of a list. */
export function toneOf(column: string, cell: string): Tone | undefined {
  if (column === 'state') return STATES[cell]
  return (column === 'error' || column === 'errors') && cell !== '-' ? 'bad' : undefined
}

export type Paint = (text: string, tone: Tone | undefined) => string

const painted: Paint = (text, tone) =>
  tone === undefined || text === '' ? text : `\x1b[${SGR[tone]}m${text}\x1b[0m`

/**
 * For a terminal that has any, unless NO_COLOR of the environment says otherwise: https://no-color.org.
 *
 * @param wanted what was said of it for the command
 * @returns null where nothing is to be painted
 */
export function paintFor(output: { readonly isTTY?: boolean }, wanted: boolean): Paint | null {
  const { NO_COLOR = '', TERM = '' } = process.env
  return wanted && output.isTTY === true && NO_COLOR === '' && TERM !== 'dumb' ? painted : null
}
