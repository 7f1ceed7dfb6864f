// `cgparams`, of groups and of containers: files of cgroup controllers, and what is written to them.

import { text } from 'node:stream/consumers'
import { command, type Command } from './command.js'
import type { DaemonClient } from './daemon-client.js'
import { UsageError } from './errors.js'
import type { Kind } from './kinds.js'
import { Listing, plain, showOptions } from './listing.js'
import { listIn } from './words.js'

interface Param {
  readonly version: 1 | 2
  readonly name: string
  readonly value: readonly string[]
  readonly group: string | null
  readonly cgroup: string
}

const COLUMNS = [
  ...plain('version', 'subsystem'),
  { name: 'parameter', of: 'name' },
  ...plain('value', 'group', 'abs_path'),
]
const versionOption = {
  version: { short: 'v', value: 'VERSION', summary: "of cgroups: 1 or 2; default: this machine's" },
} as const

export function listCgparams({ argument, at }: Kind): Command {
  return command({
    usage: `${argument as 'ID'} [PARAMETERS...]`,
    summary: 'list its cgroup parameters',
    options: {
      ...showOptions,
      version: { short: 'v', value: 'VERSION', summary: '1, 2 or `all`; default: all' },
      subsystem: { short: 'S', value: 'NAMES', summary: 'of these controllers' },
      all: { short: 'a', summary: 'with those of the groups that it is in, from the root on' },
    },
    async run([name, ...wanted], options, session) {
      const listing = new Listing(COLUMNS, options, ['version', 'parameter', 'value'])
      if (listing.printsNames(session)) return
      const { all } = options
      const params = await session.daemon.ask<Param[]>(`GET ${at(session, name)}/cgparams`, {
        query: { all },
      })
      const subsystems = listIn(options.subsystem)
      const version = versionIn(options.version, true)
      const shown = params
        .map((param) => ({
          ...param,
          subsystem: param.name.replace(/\..*/, ''),
          abs_path: `${param.cgroup}/${param.name}`,
        }))
        .filter((param) => version === null || param.version === version)
        .filter((param) => subsystems?.includes(param.subsystem) ?? true)
        .filter((param) => wanted.length === 0 || wanted.includes(param.name))
      listing.print(session, shown)
    },
  })
}

export function setCgparam({ argument, at }: Kind): Command {
  return command({
    usage: `${argument as 'ID'} PARAMETER VALUE...`,
    summary: 'set a cgroup parameter, at once; values are written one after the other',
    options: { ...versionOption, append: { short: 'a', summary: 'keep the values that it has' } },
    async run([name, parameter, ...value], { version: given, append }, session) {
      const version = versionIn(given) ?? (await hostVersion(session.daemon))
      const set = [{ version, name: parameter, value }]
      await session.daemon.ask(`PATCH ${at(session, name)}/cgparams`, { body: { set, append } })
    },
  })
}

export function unsetCgparam({ argument, at }: Kind): Command {
  return command({
    usage: `${argument as 'ID'} PARAMETER`,
    summary: 'take a cgroup parameter away; limits among them are none any more',
    options: versionOption,
    async run([name, parameter], { version: given }, session) {
      const version = versionIn(given) ?? undefined
      const unset = [{ name: parameter, version }]
      await session.daemon.ask(`PATCH ${at(session, name)}/cgparams`, { body: { unset } })
    },
  })
}

export function replaceCgparams({ argument, at }: Kind): Command {
  return command({
    usage: argument as 'ID',
    summary: 'replace all its cgroup parameters by those on the standard input',
    details:
      'JSON: {"parameters":[{"version":2,"subsystem":"memory","parameter":"memory.high","value":["1073741824"]}]}',
    async run([name], _options, session) {
      const cgparams = replacement(await text(process.stdin))
      await session.daemon.ask(`PATCH ${at(session, name)}`, { body: { cgparams } })
    },
  })
}

/** The version of cgroups that its controllers are in. */
export async function hostVersion(daemon: DaemonClient): Promise<1 | 2> {
  const { cgroups } = await daemon.ask<{ cgroups: { layout: string } }>('GET /host/features')
  return cgroups.layout === 'unified' ? 2 : 1
}

function replacement(given: string): object[] {
  try {
    const { parameters } = JSON.parse(given) as {
      parameters: { version: number; parameter: string; value: readonly string[] }[]
    }
    return parameters.map(({ version, parameter, value }) => ({ version, name: parameter, value }))
  } catch {
    throw new UsageError('what stands on the standard input must be {"parameters":[…]}')
  }
}

function versionIn(given: string | undefined, all = false): 1 | 2 | null {
  if (given === undefined || (all && given === 'all')) return null
  if (given === '1' || given === '2') return given === '1' ? 1 : 2
  throw new UsageError(`--version must be 1 or 2, not '${given}'`)
}
