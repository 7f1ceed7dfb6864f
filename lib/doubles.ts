// Many numbers that the native part tells of as one value: each object more is time of the thread that all wait for.

export function doublesIn({ buffer, byteOffset, byteLength }: Buffer): Float64Array {
  // They stand where they can be read as such, whichever memory the buffer is in.
  return new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength))
}
