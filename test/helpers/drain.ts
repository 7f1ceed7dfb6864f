// Reads a pipe or a terminal to its end; closes it.
import { openPipe, openTerminal } from '../../dist/descriptor-streams.js'

export async function drain(fd: number | null, tty = false): Promise<string> {
  if (fd === null) return ''
  let text = ''
  const stream = tty ? openTerminal(fd) : openPipe(fd, 'read')
  for await (const chunk of stream) text += String(chunk)
  return text
}
