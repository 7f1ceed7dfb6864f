// The container's name in its own /etc/hosts. Pure.

const BEGIN = '### Start of managed host name. Lines between the marks are replaced.'
const END = '### End of managed host name.'

/**
 * The file with the name on its loopback lines. A name that stood there because of us is replaced;
 * what people wrote stays.
 */
export function withHostname(content: string, hostname: string): string {
  const rest = withoutHostname(content)
  const short = hostname.split('.')[0] ?? hostname
  const names = short === hostname ? hostname : `${hostname} ${short}`
  const block = [BEGIN, `127.0.0.1 ${names}`, `::1 ${names}`, END].join('\n')
  const separator = rest === '' || rest.endsWith('\n') ? '' : '\n'
  return `${rest}${separator}${block}\n`
}

/** The file without what {@link withHostname} put there. */
export function withoutHostname(content: string): string {
  // A mark that has lost its other one is the guest's, and what stands around it stays.
  for (let rest = content; ;) {
    const end = rest.indexOf(END, rest.indexOf(BEGIN) + 1)
    const start = end === -1 ? -1 : rest.lastIndexOf(BEGIN, end)
    if (start === -1) return rest
    rest = rest.slice(0, start) + rest.slice(end + END.length).replace(/^\n/, '')
  }
}

/** What a guest without the file gets. */
export const DEFAULT_HOSTS = '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'
