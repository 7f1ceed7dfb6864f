// What the keeper's answers hold: descriptors by what they are for, ends of programs, containers.
import { closeSync } from 'node:fs'
import { describeWaitStatus, type Exit } from '../ns/pidfd.js'
import type { Answer } from './connection.js'
import type { Fields } from './protocol.js'
import type { Known, SessionStreams } from './types.js'

export function one(fds: number[]): number {
  const [fd, ...more] = fds
  for (const extra of more) closeSync(extra)
  if (fd === undefined) throw new TypeError('the keeper sent no descriptor')
  return fd
}

/** Of a file's content, and beside it. */
export function pipeAndSocket(fds: number[]): [pipe: number, socket: number] {
  const [pipe, socket, ...more] = fds
  if (pipe !== undefined && socket !== undefined && more.length === 0) return [pipe, socket]
  for (const fd of fds) closeSync(fd)
  throw new TypeError('the keeper sent other descriptors than a pipe and a socket')
}

export function exitIn(fields: Fields): Exit | null {
  return fields.has('STATUS') ? describeWaitStatus(fields.number('STATUS')) : null
}

export function known(fields: Fields, pool: string, id: string): Known {
  return {
    pool,
    id,
    state: fields.text('STATE') as Known['state'],
    initPid: fields.has('INIT_PID') ? fields.number('INIT_PID') : null,
    ready: fields.number('DONE') === 1,
    once: fields.number('NEXT') === 1,
    program: fields.number('INIT') === 1,
  }
}

export function streams({ fields, fds }: Answer): SessionStreams {
  const names = fields.text('STREAMS')
  const named = (name: string) => fds[names.indexOf(name)] ?? null
  const pidfd = named('p')
  if (pidfd === null || names.length !== fds.length) {
    throw new TypeError('the keeper sent other descriptors than it said')
  }
  return {
    session: fields.number('SESSION'),
    pid: fields.number('PID'),
    pidfd,
    stdin: named('i'),
    stdout: named('o'),
    stderr: named('e'),
    tty: fields.number('TTY') === 1,
    exit: exitIn(fields),
  }
}
