// Things below one another, drawn.

export interface Twig {
  readonly name: string
  readonly cells: readonly string[]
  readonly below: readonly Twig[]
}

interface Strokes {
  readonly fork: string
  readonly last: string
  readonly down: string
}

const UNICODE: Strokes = { fork: '├── ', last: '└── ', down: '│   ' }
const ASCII: Strokes = { fork: '|-- ', last: '`-- ', down: '|   ' }

/** Rows of a table: the drawn name, and its cells. */
export function drawn(root: Twig, unicode: boolean): string[][] {
  const strokes = unicode ? UNICODE : ASCII
  const below = (twig: Twig, before: string): string[][] =>
    twig.below.flatMap((one, index) => {
      const last = index === twig.below.length - 1
      return [
        [`${before}${last ? strokes.last : strokes.fork}${one.name}`, ...one.cells],
        ...below(one, `${before}${last ? '    ' : strokes.down}`),
      ]
    })
  return [[root.name, ...root.cells], ...below(root, '')]
}

/** As the environment says. */
export function drawsUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG } = process.env
  return /utf-?8/i.test(LC_ALL ?? LC_CTYPE ?? LANG ?? '')
}
