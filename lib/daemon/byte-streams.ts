// Connections that carry programs and consoles: HTTP until they are upgraded, frames from then on.

import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { z } from 'zod'
import { InvalidArgumentError, NotFoundError } from '../host/errors.js'
import type { Host } from '../host/host.js'
import { parse } from '../schema/parse.js'
import type { Behind } from './behind.js'
import { count, flag, reference } from './call.js'
import { ConsoleStream } from './console-stream.js'
import { answerOf, refuse, statusOf } from './error-answer.js'
import { hangUp } from './hang-up.js'
import { FrameCutter, TOLD, Wire, type Frame } from './frames.js'
import { ProgramStream } from './program-stream.js'

const PROTOCOL = 'osctl'
const programQuery = z.strictObject({ keep: flag.default(false) })
const consoleQuery = z.strictObject({
  since: z.enum(['history', 'now']).optional(),
  file: z.string().optional(),
  offset: count.optional(),
})

/** How often a client is told that its input waits, which also finds out whether it is still there. */
const WAITS_MS = 2000

interface Stream {
  readonly socket: Duplex
  readonly behind: Behind
}

export class ByteStreams {
  readonly #host: Host
  readonly #streams = new Set<Stream>()
  readonly #sockets = new Set<Duplex>()
  readonly #beginnings = new Set<Promise<void>>()
  #ending = false

  constructor(host: Host) {
    this.#host = host
  }

  /** For a server's `upgrade`. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const beginning = this.#begin(request, socket, head)
      .catch((error: unknown) => refuse(socket, `${statusOf(error)} Refused`, answerOf(error)))
      .finally(() => this.#beginnings.delete(beginning))
    this.#beginnings.add(beginning)
  }

  /** Whoever is connected is told no more; programs go on. */
  async end(): Promise<void> {
    this.#ending = true
    await Promise.all(
      [...this.#streams].map(async ({ socket, behind }) => {
        await behind.detach().catch(() => undefined)
        await hangUp(socket)
      }),
    )
    // Those that are just beginning let go of their programs, too.
    await Promise.all(this.#beginnings)
    // The server waits for all of them.
    for (const socket of this.#sockets) socket.destroy()
  }

  async #begin(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    if (this.#ending) return void socket.destroy()
    if (request.headers.upgrade !== PROTOCOL) {
      throw new InvalidArgumentError('upgrade', `must be ${PROTOCOL}`)
    }
    const wire = new Wire(socket)
    let stopped = false
    const stop = (error?: unknown) => {
      if (stopped) return
      stopped = true
      // What a program has printed last may wait for a client that pauses.
      if (error === undefined) return void hangUp(socket, undefined, Infinity)
      wire.json(TOLD.error, answerOf(error).error)
      void hangUp(socket)
    }
    const open = await this.#behind(request, wire, stop)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${PROTOCOL}\r\n\r\n`,
    )
    const behind = await open().catch((error: unknown) => void stop(error))
    if (behind === undefined) return
    if (this.#ending) {
      await behind.detach()
      return hangUp(socket)
    }
    if (socket.destroyed) return void (await behind.gone())
    const stream = { socket, behind }
    this.#streams.add(stream)
    // A client that will say nothing more has gone: the end of a program's input is a frame.
    socket.once('end', () => socket.destroy())
    socket.once('close', () => {
      this.#streams.delete(stream)
      if (!this.#ending) behind.gone().catch(() => undefined)
    })
    const cutter = new FrameCutter()
    // One after the other, and no more until these are done: what follows a program waits until it is there.
    let turn: Promise<void> = Promise.resolve()
    const take = (one: Frame) => {
      turn = turn
        .then(async () => {
          // That one is refused is the last that is said: what follows it is not done.
          if (!stopped) await behind.frame(one)
        })
        .catch(stop)
    }
    const cut = (bytes: Buffer) => {
      if (stopped) return
      try {
        socket.pause()
        for (const one of cutter.cut(bytes)) take(one)
        const waits = setInterval(() => wire.send(TOLD.waits, Buffer.alloc(0)), WAITS_MS)
        void turn.then(() => {
          clearInterval(waits)
          if (!this.#ending) socket.resume()
        })
      } catch (error) {
        // What follows cannot be understood.
        stop(error)
      }
    }
    if (head.length > 0) cut(head)
    socket.on('data', cut)
  }

  /** @returns what begins it, once the client knows that it is connected */
  async #behind(
    request: IncomingMessage,
    wire: Wire,
    stop: (error?: unknown) => void,
  ): Promise<() => Promise<Behind>> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://osctld')
    const match = /^\/v1\/containers\/([^/]+)\/(?:(spawn|console)|sessions\/(\d{1,15}))$/.exec(
      pathname,
    )
    const [, name = '', what, session] = match ?? []
    if (match === null) throw new NotFoundError('stream', pathname.slice(0, 200))
    const container = this.#host.containers.get(parse(reference, decoded(name), 'path.container'))
    const query = Object.fromEntries(searchParams)
    if (what === 'console') {
      const { since, file, offset } = parse(consoleQuery, query, 'query')
      const from = file === undefined ? since : { file, offset: offset ?? 0 }
      const console = container.console({ since: from })
      return () => Promise.resolve(new ConsoleStream(console, wire, stop))
    }
    const { keep } = parse(programQuery, query, 'query')
    const program = new ProgramStream(container, wire, keep, stop)
    if (session === undefined) return () => Promise.resolve(program)
    const known = await container.sessions()
    if (!known.some((one) => one.session === Number(session))) {
      throw new NotFoundError('session', session)
    }
    return async () => {
      await program.open(Number(session))
      return program
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new InvalidArgumentError('path', 'must be an encoded text')
  }
}
