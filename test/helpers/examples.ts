// The examples of a page of the documentation, to be run as a reader would.
import { readFileSync } from 'node:fs'

const AsyncFunction = (async () => {}).constructor as new (
  ...args: string[]
) => (...values: unknown[]) => Promise<Record<string, unknown>>

export class Examples {
  readonly #codes: readonly string[]

  constructor(page: string) {
    const text = readFileSync(page, 'utf8')
    this.#codes = [...text.matchAll(/```js\n([^]*?)```/g)].map(([, code = '']) => code)
  }

  get length(): number {
    return this.#codes.length
  }

  /**
   * Runs the one that has this in its text.
   *
   * @param given what it finds by these names
   * @returns what it has left in its variables of these names
   */
  async run(
    part: string,
    given: Readonly<Record<string, unknown>>,
    names: readonly string[],
  ): Promise<Record<string, unknown>> {
    const [code = '', ...more] = this.#codes.filter((one) => one.includes(part))
    if (code === '' || more.length > 0) throw new Error(`not one example with '${part}'`)
    const body = `${code}\nreturn { ${names.join(', ')} }`
    return await new AsyncFunction(...Object.keys(given), body)(...Object.values(given))
  }
}
