// Clients that listen to what happens, and do nothing else.
import { createConnection, type Socket } from 'node:net'
import { once } from 'node:events'

export class Listeners implements Disposable {
  readonly #sockets: Socket[] = []
  /** How many events each of them has heard. */
  readonly #heard: number[] = []
  /** Of those whose stream ended. */
  readonly lost: string[] = []

  /** Resolves when each of them is listened to: the daemon has answered it. */
  static async open(socketPath: string, many: number): Promise<Listeners> {
    const listeners = new Listeners()
    // Not all at once: what waits to be accepted is bounded.
    for (let at = 0; at < many; at += 50) {
      await Promise.all(
        Array.from({ length: Math.min(50, many - at) }, () => listeners.#add(socketPath)),
      )
    }
    return listeners
  }

  /** The fewest and the most events that one of them has heard. */
  get heard(): readonly [number, number] {
    return [Math.min(...this.#heard), Math.max(...this.#heard)]
  }

  async #add(path: string): Promise<void> {
    const index = this.#heard.push(0) - 1
    const socket = createConnection(path)
    this.#sockets.push(socket)
    socket.on('error', (error) => this.lost.push(error.message))
    socket.on('end', () => this.lost.push('the stream ended'))
    await once(socket, 'connect')
    socket.write('GET /v1/events HTTP/1.1\r\nHost: osctld\r\n\r\n')
    const [head] = (await once(socket, 'data')) as [Buffer]
    if (!head.toString().startsWith('HTTP/1.1 200')) throw new Error(head.toString())
    socket.on('data', (chunk: Buffer) => {
      let events = 0
      // An event is an object that has none in it.
      for (const byte of chunk) if (byte === 0x7d) events++
      this.#heard[index] = (this.#heard[index] ?? 0) + events
    })
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.removeAllListeners().destroy()
  }
}
