// A machine knows the sizes of its disks, also of those whose content is another one every time.
import { statSync, truncateSync } from 'node:fs'

/** Makes the file as long as the disk that it is for. */
export function pad(file: string, what: string, size: number): void {
  if (statSync(file).size > size)
    throw new Error(`${what} is larger than its disk of ${size} bytes`)
  truncateSync(file, size)
}
