// A container's console, at this terminal.

import { ASKED, TOLD, type Frame } from '../daemon/frames.js'
import { Connection } from './connection.js'
import { at } from './daemon-client.js'
import { keyReaders } from './keys.js'
import type { Session } from './session.js'
import { AWAY, hasCtrlC, Terminal } from './terminal.js'

interface Position {
  readonly file: string
  readonly offset: number
}

interface ConsoleOptions {
  /** Is told when nothing that is said from then on is missed. */
  readonly onOpen?: () => void
  readonly until?: AbortSignal
  /** As `until`, but what was said by then is seen before. */
  readonly after?: AbortSignal
}

/** What is done while the console is open: all that it says meanwhile is seen. */
export async function withConsole(
  session: Session,
  container: string,
  work: () => Promise<unknown>,
  leave: 'when it is done' | 'when it is left',
): Promise<void> {
  const until = new AbortController()
  const after = new AbortController()
  let done: Promise<unknown> = Promise.resolve()
  const begin = () => {
    done = work()
    done.then(
      () => {
        if (leave === 'when it is done') after.abort()
      },
      () => until.abort(),
    )
  }
  const ends = { until: until.signal, after: after.signal }
  await openConsole(session, container, { onOpen: begin, ...ends })
  await done
}

/** Until Ctrl-a q is pressed, SIGTERM comes, or it is aborted. */
export async function openConsole(
  session: Session,
  container: string,
  { onOpen, until, after }: ConsoleOptions = {},
): Promise<void> {
  const terminal = Terminal.ours()
  let position: Position | null = null
  let begun = false
  const where = at`GET /containers/${container}/console`
  const connection = new Connection(
    session.daemon,
    () => ({ where, query: position === null ? { since: 'now' } : { ...position } }),
    () => {
      resized()
      if (after?.aborted === true) finish()
    },
    () => {
      if (terminal !== null) session.tell(AWAY)
    },
  )
  const resized = () => {
    if (terminal !== null) connection.json(ASKED.window, terminal.size)
  }
  const finish = () => connection.send(ASKED.end, Buffer.alloc(0))
  const keys = session.json
    ? keyReaders.ofJson()
    : terminal === null
      ? keyReaders.plain()
      : keyReaders.withDetach()
  const detach = () => connection.close()
  process.once('SIGTERM', detach)
  until?.addEventListener('abort', detach)
  after?.addEventListener('abort', finish)
  const type = (bytes: Buffer) => {
    if (terminal !== null && connection.away && hasCtrlC(bytes)) return detach()
    const { input, size, over } = keys.take(bytes)
    if (input.length > 0) connection.send(ASKED.input, input)
    if (size !== null) connection.json(ASKED.window, size)
    if (over) detach()
  }
  if (terminal !== null) session.tell('Press Ctrl-a q to detach')
  try {
    await connection.run(({ kind, bytes }: Frame) => {
      if (kind === TOLD.begun && !begun) {
        begun = true
        // Not before: without an answer Ctrl-C is a signal.
        terminal?.takeOver(resized)
        process.stdin.on('data', type)
        onOpen?.()
      }
      if (kind !== TOLD.console) return kind === TOLD.exit
      const length = bytes.readUInt16BE()
      position = JSON.parse(bytes.toString('utf8', 2, 2 + length)) as Position
      if (!process.stdout.write(bytes.subarray(2 + length))) {
        connection.pause()
        process.stdout.once('drain', () => connection.resume())
      }
      return false
    })
  } finally {
    terminal?.restore()
    process.off('SIGTERM', detach)
    process.stdin.destroy()
  }
}
