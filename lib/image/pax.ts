// Reads the records of a pax extended header. Values stay bytes: extended attributes are binary.

/** The records, keys as Latin-1 strings; null when they are not well formed. */
export function decodePax(data: Buffer): Map<string, Buffer> | null {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < data.length;) {
    const blank = data.indexOf(0x20, at)
    if (blank === -1 || blank - at > 10) return null
    const digits = data.toString('latin1', at, blank)
    if (!/^[1-9][0-9]*$/.test(digits)) return null
    // The length counts itself, the blank and the newline at the end.
    const end = at + Number(digits)
    const equals = data.indexOf(0x3d, blank)
    if (end > data.length || data[end - 1] !== 0x0a || equals === -1 || equals >= end) return null
    records.set(data.toString('latin1', blank + 1, equals), data.subarray(equals + 1, end - 1))
    at = end
  }
  return records
}
