// Programs of ours that the kernel runs over datasets, zfs-program(8): many of them read in one call,
// and in one moment.

import type { ZfsEntry, ZfsResult } from '#native'
import { native } from '../native.js'
import { call, type ZfsOptions } from './call.js'
import { zpoolOf } from './names.js'
import { isZfsError } from './zfs-error.js'

export type Result = Readonly<Record<string, ZfsResult>>

// The most that the kernel gives, zfs_lua_max_instrlimit and zfs_lua_max_memlimit.
const INSTRUCTIONS = 100_000_000n
const MEMORY = 100n * 2n ** 20n
// It has the kernel look for all of that before it begins: 4 ms of 5, under emulation.
const FIRST_MEMORY = 2n ** 20n

/**
 * What it returns, from the pool of that dataset. It changes nothing.
 *
 * @throws ZfsError ENOENT without such a pool
 */
export async function runProgram(
  dataset: string,
  text: string,
  args: readonly ZfsEntry[],
  options: ZfsOptions = {},
): Promise<ZfsResult | undefined> {
  const pool = zpoolOf(dataset)
  const run = (memory: bigint): Promise<ZfsResult> => {
    const limits = { instructions: INSTRUCTIONS, memory }
    return call(
      `read ${dataset}`,
      () => native.zfs.runProgram(pool, text, [...args], false, limits),
      options,
    )
  }
  try {
    return asMap(await run(FIRST_MEMORY))['return']
  } catch (error) {
    if (!isZfsError(error, 'ENOSPC', 'ENOMEM')) throw error
    return asMap(await run(MEMORY))['return']
  }
}

export function asMap(result: ZfsResult | undefined): Result {
  return typeof result === 'object' && result !== null && !Array.isArray(result) ? result : {}
}

/** A list of Lua's is a map by number, and comes in no order. */
export function asList(list: ZfsResult | undefined): ZfsResult[] {
  const map = asMap(list)
  return Object.keys(map)
    .sort((a, b) => Number(a) - Number(b))
    .map((key) => map[key] ?? null)
}
