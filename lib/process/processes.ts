// Processes: of containers, of the host, and whose one is.

import type { ProcessTable } from '#native'
import { z } from 'zod'
import { abandon } from '../abandon.js'
import type { ContainerRecord } from '../container/record.js'
import type { HostContext } from '../host/context.js'
import { checkOptions, type OperationOptions } from '../host/operation.js'
import { parse } from '../schema/parse.js'
import { processInfo, type ProcessInfo } from './process-info.js'
import { rowsOf } from './table.js'

export interface ProcessesOptions extends OperationOptions {
  /**
   * Whether command lines are read, too; default true. A process can make who reads its command line wait: it is
   * given a second.
   */
  readonly commands?: boolean | undefined
}

export interface HostProcessesOptions extends ProcessesOptions {
  /** Those of these containers, by reference; default: of all. */
  readonly containers?: readonly string[] | undefined
  /** Whether those that are in no container are told, too; default false. */
  readonly host?: boolean | undefined
}

const processesOptions = z.object({ commands: z.boolean().optional() })

/** Those of some containers: costs what is in these. */
export async function processesOf(
  host: HostContext,
  records: readonly ContainerRecord[],
  options: ProcessesOptions,
  what: string,
): Promise<ProcessInfo[]> {
  checkOptions(options, what, ['commands'])
  const { commands = true } = parse(processesOptions, { commands: options.commands }, what)
  if (records.length === 0) return []
  return await told(host.cgroups.processes(cgroupsOf(records), commands), records, options)
}

/**
 * Those of all containers, in one pass over all that there are: their cgroups are more.
 *
 * @param strangers whether those that are in none are told, too
 */
export async function processesOfAll(
  host: HostContext,
  records: readonly ContainerRecord[],
  strangers: boolean,
  options: ProcessesOptions,
): Promise<ProcessInfo[]> {
  const { commands = true } = parse(processesOptions, { commands: options.commands }, 'processes')
  const reading = host.cgroups.allProcesses(cgroupsOf(records), commands, strangers)
  return await told(reading, records, options)
}

/** Those of these numbers that there are. */
export async function processesByPid(
  host: HostContext,
  records: readonly ContainerRecord[],
  pids: readonly number[],
  options: OperationOptions,
): Promise<ProcessInfo[]> {
  // What is told of them needs no command line.
  return await told(host.cgroups.processesByPid(cgroupsOf(records), pids, false), records, options)
}

async function told(
  reading: Promise<ProcessTable>,
  records: readonly ContainerRecord[],
  { signal }: OperationOptions,
): Promise<ProcessInfo[]> {
  const rows = rowsOf(await abandon(reading, signal))
  return rows.map((row) => processInfo(row, records[row.cgroup] ?? null))
}

function cgroupsOf(records: readonly ContainerRecord[]): string[] {
  return records.map(({ cgroup }) => cgroup)
}
