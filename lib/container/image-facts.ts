// What making a container needs to know of files in its image. Nobody writes to an image: what was
// looked up once, which may take a mount, is known for as long as the image is.

import { RootDir } from '../ns/root-dir.js'
import type { Image, ImageCache } from '../image/types.js'
import type { Present } from './guest-files.js'
import { detectInit, treeIn, type DetectedInit } from './init-detect.js'

interface Facts {
  init: DetectedInit | null
  readonly files: Map<string, Present>
}

const known = new WeakMap<Image, Facts>()

function factsOf(image: Image): Facts {
  const facts = known.get(image) ?? { init: null, files: new Map<string, Present>() }
  known.set(image, facts)
  return facts
}

/** Which init it has. */
export async function initOf(images: ImageCache, image: Image): Promise<DetectedInit> {
  const facts = factsOf(image)
  if (facts.init !== null) return facts.init
  await using tree = await images.open(image)
  await using root = await RootDir.open(tree.path)
  return (facts.init = await detectInit(treeIn(root)))
}

/** What is at each of the paths. */
export async function filesOf(
  images: ImageCache,
  image: Image,
  paths: readonly string[],
): Promise<Present[]> {
  const { files } = factsOf(image)
  if (paths.some((path) => !files.has(path))) {
    await using tree = await images.open(image)
    await using root = await RootDir.open(tree.path)
    for (const path of paths) files.set(path, await lookAt(root, path))
  }
  return paths.flatMap((path) => files.get(path) ?? [])
}

async function lookAt(root: RootDir, path: string): Promise<Present> {
  const info = await root.lstat(path).catch(() => null)
  if (info === null || (info.mode & 0o170000) !== 0o100000)
    return { text: null, writable: true, info: null }
  const text = (await root.readFile(path)).toString()
  return { text, writable: (info.mode & 0o200) !== 0, info: null }
}
