// A warning of this process, that others do not stand in for.

/** The first one from now on whose message matches. */
export function warning(message: RegExp): Promise<Error> {
  return new Promise((resolve) => {
    const look = (warned: Error) => {
      if (!message.test(warned.message)) return
      process.off('warning', look)
      resolve(warned)
    }
    process.on('warning', look)
  })
}
