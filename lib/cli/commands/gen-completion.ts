// osctl gen-completion

import { command } from '../command.js'
import { UsageError } from '../errors.js'

export default command({
  usage: 'SHELL',
  summary: 'print what bash or zsh complete command lines with',
  details: 'In ~/.bashrc: `source <(osctl gen-completion bash)`. For zsh it is the same.',
  async run([shell], _options, session) {
    const { bashCompletion, zshCompletion } = await import('../completion.js')
    const { root } = await import('../root.js')
    if (shell === 'bash') session.print(await bashCompletion(root))
    else if (shell === 'zsh') session.print(await zshCompletion(root))
    else throw new UsageError('SHELL is bash or zsh')
  },
})
