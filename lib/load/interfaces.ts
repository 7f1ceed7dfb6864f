// What went over network interfaces of the host: /proc/net/dev, proc(5). One reading tells of all.

import { access } from 'node:fs/promises'
import { allCounted, notUnderstood, readSmall } from './small-file.js'

const DEV = '/proc/self/net/dev'
/** A line is some 130 bytes. */
const MOST = 16 * 2 ** 20
const FIELDS = 16

export interface Amount {
  readonly bytes: number
  readonly packets: number
}

export interface Traffic {
  /** Sent. */
  readonly tx: Amount
  /** Received. */
  readonly rx: Amount
}

/** By the names of interfaces, since each was made. */
export type Interfaces = ReadonlyMap<string, Traffic>

export const NO_TRAFFIC: Traffic = {
  tx: { bytes: 0, packets: 0 },
  rx: { bytes: 0, packets: 0 },
}

export async function readInterfaces(): Promise<Interfaces> {
  return parseInterfaces(await readSmall(DEV, MOST))
}

export function parseInterfaces(text: string): Interfaces {
  const [first = '', second = '', ...lines] = text.split('\n')
  if (!first.startsWith('Inter-|') || !second.includes('|bytes ')) {
    throw notUnderstood(DEV, JSON.stringify(text.slice(0, 100)))
  }
  const found = new Map<string, Traffic>()
  for (const line of lines) {
    if (line === '') continue
    // A name has no blanks, and may have colons: numbers have none.
    const colon = line.lastIndexOf(':')
    const numbers = allCounted(
      line
        .slice(colon + 1)
        .trim()
        .split(/ +/),
    )
    const name = line.slice(0, Math.max(colon, 0)).trim()
    if (name === '' || numbers?.length !== FIELDS) throw notUnderstood(DEV, line.slice(0, 200))
    const amount = (at: number): Amount => ({
      bytes: numbers[at] ?? 0,
      packets: numbers[at + 1] ?? 0,
    })
    found.set(name, { rx: amount(0), tx: amount(8) })
  }
  return found
}

/** What the other end counts. */
export function otherEnd({ tx, rx }: Traffic): Traffic {
  return { tx: rx, rx: tx }
}

/**
 * Of those with a device behind them: what goes over a bridge or a bond is counted once.
 *
 * @param ours of containers, which have none
 */
export async function trafficOfDevices(
  interfaces: Interfaces,
  ours: ReadonlySet<string>,
): Promise<Traffic> {
  const others = [...interfaces].filter(([name]) => !ours.has(name))
  const real = await Promise.all(others.map(([name]) => hasDevice(`/sys/class/net/${name}`)))
  const sum = (of: (one: Traffic) => number): number =>
    others.reduce((total, [, one], index) => total + (real[index] === true ? of(one) : 0), 0)
  return {
    tx: { bytes: sum(({ tx }) => tx.bytes), packets: sum(({ tx }) => tx.packets) },
    rx: { bytes: sum(({ rx }) => rx.bytes), packets: sum(({ rx }) => rx.packets) },
  }
}

/** Whether it is no invention of the kernel, as loops, bridges and mappings are. */
export async function hasDevice(path: string): Promise<boolean> {
  return await access(`${path}/device`).then(
    () => true,
    () => false,
  )
}
