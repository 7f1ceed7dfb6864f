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
  const start = content.indexOf(BEGIN)
  if (start === -1) return content
  const end = content.indexOf(END, start)
  if (end === -1) return content
  return content.slice(0, start) + content.slice(end + END.length).replace(/^\n/, '')
}

/** What a guest without the file gets. */
export const DEFAULT_HOSTS = '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n'
