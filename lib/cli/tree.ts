// All commands of osctl, where they stand below one another, and the file that each of them is in.
//
// A file is loaded when its command is run, or shown by help: the whole program starts in the time of one.

import type { Command } from './command.js'
import { UnknownWordError, UsageError } from './errors.js'

export interface Leaf {
  /** The first is the one that help shows; the others are understood, too. */
  readonly names: readonly string[]
  readonly load: () => Promise<{ readonly default: Command }>
}

export interface Branch {
  readonly names: readonly string[]
  readonly summary: string
  readonly below: readonly Node[]
}

export type Node = Leaf | Branch

export function isBranch(node: Node): node is Branch {
  return 'below' in node
}

/** @param names `ls list` */
export function leaf(names: string, load: Leaf['load']): Leaf {
  return { names: names.split(' '), load }
}

export function branch(names: string, summary: string, ...below: readonly Node[]): Branch {
  return { names: names.split(' '), summary, below }
}

/** A node and the names on the way to it: `['ct', 'ls']`. */
export interface Found<Of extends Node = Node> {
  readonly node: Of
  readonly path: readonly string[]
}

/**
 * A name may be cut short, as long as it is clear which one is meant.
 *
 * @throws UsageError when there is none, or several
 */
export function step({ node, path }: Found<Branch>, word: string): Found {
  const exact = node.below.find(({ names }) => names.includes(word))
  const meant =
    exact === undefined
      ? node.below.filter(({ names }) => names.some((name) => name.startsWith(word)))
      : [exact]
  const [found, another] = meant
  if (found === undefined) {
    const whole = (name: string) => [...path, name].join(' ')
    const known = node.below.flatMap(({ names }) => names.map(whole))
    throw new UnknownWordError(`there is no command '${whole(word)}'`, whole(word), known)
  }
  if (another !== undefined) {
    const all = meant.map(({ names }) => names[0]).join(', ')
    throw new UsageError(`'${[...path, word].join(' ')}' may be ${all}`)
  }
  return { node: found, path: [...path, found.names[0] ?? word] }
}

/** Every command, in the order in which they stand. */
export function* leaves({ node, path }: Found<Branch>): Generator<Found<Leaf>, void> {
  for (const below of node.below) {
    const found = { node: below, path: [...path, below.names[0] ?? ''] }
    if (isBranch(below)) yield* leaves({ ...found, node: below })
    else yield { ...found, node: below }
  }
}
