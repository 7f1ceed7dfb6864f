// A line of the screen, in parts that look different.

export type Style =
  'plain' | 'bold' | 'dim' | 'selected' | 'marked' | 'heading' | 'sorted' | 'warning'

export interface Span {
  readonly text: string
  readonly style: Style
}

export type Line = readonly Span[]

export function plain(text: string): Line {
  return [{ text, style: 'plain' }]
}

export function styled(text: string, style: Style): Line {
  return [{ text, style }]
}

/** ECMA-48 SGR. */
const SGR: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '1',
  dim: '2',
  selected: '7',
  marked: '1;33',
  heading: '1;7;32',
  sorted: '1;7;36',
  warning: '1;7;31',
}

/** No colours, where these are not wanted: https://no-color.org. */
function without(sgr: string): string {
  return sgr.replace(/;?3\d/, '')
}

/** So much of it as there is room for. */
export function painted(line: Line, width: number, coloured: boolean): string {
  let room = width
  let text = ''
  for (const span of line) {
    const part = span.text.slice(0, room)
    room -= part.length
    const sgr = coloured ? SGR[span.style] : without(SGR[span.style])
    text += sgr === '' ? part : `\x1b[${sgr}m${part}\x1b[0m`
  }
  return text
}
