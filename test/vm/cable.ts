// An Ethernet cable between two machines.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from './machine.js'
import { temporaryDirectory } from './temporary.js'

/** One end, as qemu is told of it. */
export interface Plug {
  readonly netdev: string
}

export class Cable implements Disposable {
  readonly #directory = temporaryDirectory('cable')
  /** For the machine that is there first. */
  readonly first: Plug
  readonly second: Plug

  constructor() {
    const path = join(this.#directory, 'cable')
    const plug = (server: 'on' | 'off'): Plug => ({
      netdev: `stream,server=${server},addr.type=unix,addr.path=${path}`,
    })
    this.first = plug('on')
    this.second = plug('off')
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** Gives the machine an address on its cable: `10.0.0.1/24`. Restored machines all have one MAC. */
export async function address(machine: Machine, cidr: string): Promise<void> {
  const [a = 0, b = 0, c = 0, d = 0] = cidr.split(/[./]/).map(Number)
  const mac = [0x02, 0x00, a, b, c, d].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
  await machine.shell(`ip link set eth0 address ${mac} up; ip address add ${cidr} dev eth0`)
}
