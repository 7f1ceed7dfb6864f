// A password that is typed, twice, and not seen.

import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { UsageError } from './errors.js'

export async function askPassword(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({
    input: process.stdin,
    output: nowhere,
    terminal: process.stdin.isTTY,
  })
  const ended = once(lines, 'close').then(() => {
    throw new UsageError('the input ended before there was a password')
  })
  // Closed afterwards, too.
  ended.catch(() => undefined)
  const ask = async (question: string) => {
    if (process.stdin.isTTY) process.stderr.write(question)
    const answer = await Promise.race([lines.question(''), ended])
    if (process.stdin.isTTY) process.stderr.write('\n')
    return answer
  }
  try {
    const password = await ask('Password: ')
    if (password === '') throw new UsageError('an empty password is none')
    if (process.stdin.isTTY && (await ask('Again: ')) !== password) {
      throw new UsageError('these are two different ones')
    }
    return password
  } finally {
    lines.close()
  }
}
