// What a command of osctl is: what it is given, what its options are, and what it does.

import type { Session } from './session.js'

export interface Option {
  readonly short?: string
  /** What its value is called. An option without one is a flag. */
  readonly value?: string
  /** It may be given several times. */
  readonly many?: true
  /** A flag that is on unless `--no-NAME` is said. */
  readonly on?: true
  readonly summary: string
}

export type Options = Readonly<Record<string, Option>>

export type Given<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends { value: string }
    ? O[Name] extends { many: true }
      ? readonly string[]
      : string | undefined
    : boolean
}

/** `'ID FILE [WORDS...]'`, as the arguments that it stands for. */
export type Arguments<Usage extends string> = Usage extends ''
  ? readonly []
  : Usage extends `${infer Word} ${infer More}`
    ? readonly [...Argument<Word>, ...Arguments<More>]
    : Argument<Usage>
type Argument<Word extends string> = Word extends `[${string}...]`
  ? readonly string[]
  : Word extends `[${string}]`
    ? readonly [string?]
    : Word extends `${string}...`
      ? readonly [string, ...string[]]
      : readonly [string]

export interface Command {
  /** Its arguments, as help shows them: `ID [NAMES...]`. */
  readonly usage: string
  /** One sentence. */
  readonly summary: string
  /** What else one has to know. */
  readonly details: string
  readonly options: Options
  /** What follows its first argument is another program's, whatever it looks like. */
  readonly passes: boolean
  /** From this argument on nobody is told what it was given. */
  readonly secretFrom: number
  /** @returns its exit code; 0 when it returns nothing */
  run(args: readonly string[], options: Given<Options>, session: Session): Promise<number | void>
}

interface Parts<Usage extends string, O extends Options> {
  readonly usage?: Usage
  readonly summary: string
  readonly details?: string
  readonly options?: O
  readonly passes?: true
  readonly secretFrom?: number
  run(args: Arguments<Usage>, options: Given<O>, session: Session): Promise<number | void>
}

export function command<
  const Usage extends string = '',
  const O extends Options = Record<never, never>,
>(parts: Parts<Usage, O>): Command {
  const { usage = '', summary, details = '', options = {} } = parts
  return {
    usage,
    summary,
    details,
    options,
    passes: parts.passes ?? false,
    secretFrom: parts.secretFrom ?? Infinity,
    run: (args, given, session) =>
      parts.run(args as unknown as Arguments<Usage>, given as Given<O>, session),
  }
}
