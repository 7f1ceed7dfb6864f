// The command line of the soak.
import { parseArgs } from 'node:util'
import type { TemporaryOptions } from 'vpsadminos'
import { isPlant, plants } from './plants.js'
import type { DaemonSoakOptions } from './daemon.js'
import type { SoakOptions } from './soak.js'

const cloneModes = ['auto', 'overlay', 'reflink', 'copy'] as const

export const usage = `usage: npm run soak -- [options]
  --rounds N          lives of containers that are counted (2000)
  --warm-up N         lives before the first count (1500)
  --every N           lives between two counts (a twentieth of the rounds)
  --parallel N        lives at a time (2)
  --clone-mode MODE   ${cloneModes.join(', ')} (auto)
  --directory PATH    where the pool is made (/dev/shm if that is large)
  --shared-machine    others work on this machine: what is counted of all of it decides nothing
  --plant WHAT        leaks on purpose in every fifth life: ${Object.keys(plants).join(', ')}
       npm run soak -- daemon [options]
  --clients N         who listen to what happens (1000)
  --rate N            requests a second (200)
  --events N          changes a second that they hear of (0)
  --minutes N         that are counted (10)
  --warm-up N         minutes before that (2)`

export function readOptions(args: string[]): SoakOptions {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '2000' },
      'warm-up': { type: 'string', default: '1500' },
      every: { type: 'string' },
      parallel: { type: 'string', default: '2' },
      'clone-mode': { type: 'string', default: 'auto' },
      directory: { type: 'string' },
      'shared-machine': { type: 'boolean', default: false },
      plant: { type: 'string' },
    },
  })
  const { plant } = values
  if (plant !== undefined && !isPlant(plant)) {
    throw new TypeError(`--plant ${plant}: not one of ${Object.keys(plants).join(', ')}`)
  }
  const rounds = count('rounds', values.rounds, 1)
  const every = values.every ?? String(Math.max(1, Math.ceil(rounds / 20)))
  return {
    rounds,
    warmUp: count('warm-up', values['warm-up'], 0),
    every: count('every', every, 1),
    parallel: count('parallel', values.parallel, 1),
    cloneMode: cloneMode(values['clone-mode']),
    directory: values.directory,
    plant,
    shared: !values['shared-machine'],
  }
}

export function readDaemonOptions(args: string[]): DaemonSoakOptions {
  const { values } = parseArgs({
    args,
    options: {
      clients: { type: 'string', default: '1000' },
      rate: { type: 'string', default: '200' },
      events: { type: 'string', default: '0' },
      minutes: { type: 'string', default: '10' },
      'warm-up': { type: 'string', default: '2' },
    },
  })
  return {
    clients: count('clients', values.clients, 1),
    rate: count('rate', values.rate, 1),
    events: count('events', values.events, 0),
    seconds: 60 * count('minutes', values.minutes, 1),
    warmUpSeconds: 60 * count('warm-up', values['warm-up'], 0),
  }
}

function count(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least) throw new TypeError(`--${name} ${text}: not a count`)
  return value
}

function cloneMode(text: string): NonNullable<TemporaryOptions['cloneMode']> {
  const mode = cloneModes.find((known) => known === text)
  if (mode === undefined)
    throw new TypeError(`--clone-mode ${text}: not one of ${cloneModes.join(', ')}`)
  return mode
}
