// A guest's /etc/hosts: the name can be put there twice, and taken away again.
import { withHostname, withoutHostname } from '../../dist/container/hosts-file.js'
import { check, Input, quickly } from './finding.js'

/** @param {Buffer} data */
export function fuzz(data) {
  const input = new Input(data)
  const name = input.text().replace(/[^a-z.]/g, '')
  const content = input.rest.toString()
  quickly(data.length, () => {
    const once = withHostname(content, name)
    check(once.includes(`127.0.0.1 ${name}`), 'the name is there')
    check(withHostname(once, name) === once, 'once is enough')
    check(
      !withoutHostname(once).includes('Start of managed') || content.includes('Start of managed'),
      'it goes',
    )
  })
}
