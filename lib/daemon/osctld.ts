#!/usr/bin/env node
// osctld, the program: reads its configuration, and runs the daemon until it is told to end.

import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { pino, type Logger } from 'pino'
import { parse as parseYaml } from 'yaml'
import type { DaemonOptions } from '../schema/daemon.js'
import { Daemon } from './daemon.js'
import { notifyManager } from './service-manager.js'
import { packageVersion } from './version.js'

const DEFAULT_CONFIG = '/etc/osctl/osctld.yml'
/** After it has let go of everything. */
const LINGER_MS = 2000
const USAGE = `osctld [--config FILE] | --help | --version

Serves the containers of this machine to osctl, until SIGTERM or SIGINT; containers go on without it.

  --config FILE   YAML or JSON; default ${DEFAULT_CONFIG}, which need not be there
  --help          this text
  --version       which one it is
`

async function configuration(path: string | undefined): Promise<DaemonOptions> {
  try {
    const text = await readFile(path ?? DEFAULT_CONFIG, 'utf8')
    return (parseYaml(text) ?? {}) as DaemonOptions
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** It works without. */
function tellManager(log: Logger, state: string): void {
  try {
    notifyManager(state)
  } catch (error) {
    log.warn({ err: error }, 'the service manager cannot be told')
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      config: { type: 'string' },
      help: { type: 'boolean' },
      version: { type: 'boolean' },
    },
  })
  if (values.help === true) return void process.stdout.write(USAGE)
  if (values.version === true)
    return void process.stdout.write(`osctld ${await packageVersion()}\n`)
  const options = await configuration(values.config)
  const log = pino({ level: options.logLevel ?? 'info', base: null })
  const daemon = await Daemon.open(options, log)
  const { socket, address } = daemon
  log.info({ pid: process.pid, socket, address }, 'osctld answers')
  const end = (signal: string) => {
    tellManager(log, 'STOPPING=1')
    log.info({ signal }, 'osctld ends; containers go on')
    daemon
      .close()
      .catch((error: unknown) => {
        log.error({ err: error }, 'osctld could not end well')
        process.exitCode = 1
      })
      .finally(() => {
        // Whatever is still open must not keep it.
        setTimeout(() => process.exit(), LINGER_MS).unref()
      })
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  // From now on it may be told to end.
  tellManager(log, `READY=1\nMAINPID=${process.pid}`)
}

main().catch((error: unknown) => {
  process.stderr.write(`osctld: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
