// Where the root filesystem of a run from an image is: beside the container's own. The container's file says
// that there is one, from before it is made until it is gone.

import { basename, dirname } from 'node:path'

/** @param home of the container: the path of its directory, or the name of its dataset */
export function bootHome(home: string): string {
  return `${dirname(home)}/.${basename(home)}.boot`
}
