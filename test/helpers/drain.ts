// Reads a pipe or a terminal to its end; closes it.
import { createReadStream } from 'node:fs'

export async function drain(fd: number | null): Promise<string> {
  if (fd === null) return ''
  let text = ''
  try {
    for await (const chunk of createReadStream('', { fd, encoding: 'utf8' })) {
      text += chunk as string
    }
  } catch (error) {
    // A terminal ends so when its last process is gone.
    if ((error as { code?: string }).code !== 'EIO') throw error
  }
  return text
}
