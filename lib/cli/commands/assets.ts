// osctl assets

import { assetOptions, printAssets } from '../assets.js'
import { command } from '../command.js'

export default command({
  summary: 'list everything that osctld itself owns, with its state',
  options: assetOptions,
  run: (_args, options, session) => printAssets('GET /host/assets', options, session),
})
