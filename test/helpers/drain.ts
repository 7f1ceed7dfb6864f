// Reads a pipe or a socket to its end; closes it.
import { openPipe } from '../../dist/descriptor-streams.js'

export async function drain(fd: number | null): Promise<string> {
  if (fd === null) return ''
  let text = ''
  for await (const chunk of openPipe(fd, 'read')) text += String(chunk)
  return text
}
