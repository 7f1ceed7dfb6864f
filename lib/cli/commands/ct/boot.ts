// osctl ct boot

import { command } from '../../command.js'
import { at } from '../../daemon-client.js'
import { propertiesIn } from '../../dataset-properties.js'
import { imageOf, imageOptions } from '../../image-options.js'
import { inPool } from '../../session.js'
import { startOptions, startTimeout } from '../../start-options.js'

export default command({
  usage: 'ID',
  summary: 'start a container from an image, for one run; its own root stays as it is',
  options: {
    force: { short: 'f', summary: 'stop it first, where it runs' },
    ...imageOptions,
    'mount-root-dataset': { value: 'DIRECTORY', summary: 'where its own root is seen in it' },
    'zfs-property': { value: 'NAME=VALUE', many: true, summary: 'of the dataset of that run' },
    ...startOptions,
  },
  async run([id], options, session) {
    const name = inPool(session, id)
    const timeout = startTimeout(options)
    const { force, 'mount-root-dataset': mountRoot, 'zfs-property': properties } = options
    const body = {
      image: imageOf(options),
      mountRoot,
      force,
      ...(properties.length === 0 ? {} : { dataset: propertiesIn(properties) }),
    }
    const boot = () =>
      session.daemon.ask(at`POST /containers/${name}/boot`, {
        background: timeout === null,
        query: { timeout },
        body,
      })
    if (options.foreground) {
      const { withConsole } = await import('../../console-client.js')
      return withConsole(session, name, boot, 'when it is left')
    }
    await boot()
    if (!options.attach) return
    const { openShell } = await import('../../shell.js')
    return openShell(session, name, options['user-shell'])
  },
})
