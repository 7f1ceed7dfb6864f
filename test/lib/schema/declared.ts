// The options that callers see are declared, with comments that an editor shows, and are what the
// schemas take.
import { readFileSync } from 'node:fs'
import t from 'tap'
import ts from 'typescript'
import type { z } from 'zod'
import type * as vpsadminos from 'vpsadminos'
import * as containers from '../../../dist/schema/container.js'
import * as groups from '../../../dist/schema/group.js'
import {
  createDatasetOptions,
  datasetSettings,
  deleteDatasetOptions,
  mountInput,
  setDatasetOptions,
} from '../../../dist/schema/dataset.js'
import { hostOptions } from '../../../dist/schema/host.js'
import { allocateOptions, createIdRangeOptions } from '../../../dist/schema/id-range.js'
import { importImage } from '../../../dist/image/schema.js'
import { autostart } from '../../../dist/schema/autostart.js'
import { cgparamInput } from '../../../dist/schema/cgparam.js'
import { limits } from '../../../dist/schema/limits.js'
import {
  dirInstallOptions,
  dirPoolOptions,
  zfsPoolOptions,
  type installOptions,
  type poolOptions,
} from '../../../dist/schema/pool.js'
import { createUserOptions } from '../../../dist/schema/user.js'

// Checked by the compiler: `tsc -p test`. Whether a field is read-only is the caller's affair.
type Writable<T> = T extends readonly (infer Item)[]
  ? Writable<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Writable<T[Key]> }
    : T
type IsSame<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Takes<Schema extends z.ZodType, Declared> = IsSame<
  Writable<z.input<Schema>>,
  Writable<Declared>
>

const same: [
  Takes<typeof containers.containerSettings, vpsadminos.ContainerSettings>,
  Takes<typeof containers.createOptions, vpsadminos.CreateOptions>,
  Takes<typeof containers.copySettings, vpsadminos.CopySettings>,
  Takes<typeof containers.reinstallSettings, vpsadminos.ReinstallSettings>,
  Takes<typeof containers.distributionInput, vpsadminos.Distribution>,
  Takes<typeof containers.bootSettings, vpsadminos.BootSettings>,
  Takes<typeof groups.groupSettings, vpsadminos.GroupSettings>,
  Takes<typeof groups.createGroupOptions, vpsadminos.CreateGroupOptions>,
  Takes<typeof hostOptions, vpsadminos.HostOptions>,
  Takes<typeof createIdRangeOptions, vpsadminos.CreateIdRangeOptions>,
  Takes<typeof allocateOptions, vpsadminos.AllocateOptions>,
  Takes<typeof createUserOptions, vpsadminos.CreateUserOptions>,
  Takes<typeof poolOptions, vpsadminos.PoolOptions>,
  Takes<typeof installOptions, vpsadminos.InstallOptions>,
  Takes<typeof datasetSettings, vpsadminos.DatasetSettings>,
  Takes<typeof setDatasetOptions, vpsadminos.SetDatasetOptions>,
  Takes<typeof createDatasetOptions, vpsadminos.CreateDatasetOptions>,
  Takes<typeof deleteDatasetOptions, vpsadminos.DeleteDatasetOptions>,
  Takes<typeof mountInput, vpsadminos.MountInput>,
  Takes<typeof importImage, vpsadminos.ImportImage>,
] = [
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
  true,
]

interface Schema {
  readonly shape: object
}

// Where it is declared, and the schema.
const declared: [file: string, name: string, schema: Schema][] = [
  ['schema/limits', 'LimitsInput', limits],
  ['schema/container', 'ContainerSettingsInput', containers.containerSettings],
  ['schema/container', 'CreateOptions', containers.createOptions],
  ['schema/container', 'CopySettings', containers.copySettings],
  ['schema/container', 'ReinstallSettings', containers.reinstallSettings],
  ['schema/container', 'BootSettings', containers.bootSettings],
  ['schema/container', 'CreateImage', containers.imageQuery],
  ['schema/container', 'NetifInput', containers.netif],
  ['schema/autostart', 'AutostartInput', autostart],
  ['schema/cgparam', 'CgparamInput', cgparamInput.in],
  ['schema/group', 'GroupSettingsInput', groups.groupSettings],
  ['schema/group', 'CreateGroupOptions', groups.createGroupOptions],
  ['schema/host', 'HostOptions', hostOptions],
  ['schema/id-range', 'CreateIdRangeOptions', createIdRangeOptions],
  ['schema/id-range', 'AllocateOptions', allocateOptions],
  ['schema/user', 'CreateUserOptions', createUserOptions],
  ['schema/pool', 'DirPoolOptions', dirPoolOptions],
  ['schema/pool', 'ZfsPoolOptions', zfsPoolOptions],
  ['schema/pool', 'DirInstallOptions', dirInstallOptions],
  ['schema/dataset', 'DatasetSettings', datasetSettings],
  ['schema/dataset', 'SetDatasetOptions', setDatasetOptions],
  ['schema/dataset', 'CreateDatasetOptions', createDatasetOptions],
  ['schema/dataset', 'DeleteDatasetOptions', deleteDatasetOptions],
  ['schema/dataset', 'MountInput', mountInput],
  ['image/schema', 'ImportImage', importImage],
]

/** Needs no words of its own. */
const plain = ['name', 'distribution', 'version', 'vendor', 'variant', 'blockCount', 'type']

t.test('every option has a comment in the declarations of the package', async (t) => {
  t.ok(same.every(Boolean))
  const comments = new Map<string, Map<string, string>>()
  const above = new Map<string, string[]>()
  for (const file of new Set(declared.map(([name]) => name))) {
    const text = readFileSync(`dist/${file}.d.ts`, 'utf8')
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true)
    for (const node of source.statements.filter(ts.isInterfaceDeclaration)) {
      const fields = node.members.map((member): [string, string] => {
        const docs = ts.getJSDocCommentsAndTags(member).map((doc) => doc.getText())
        return [member.name?.getText() ?? '', docs.join('')]
      })
      comments.set(node.name.text, new Map(fields))
      const parents = node.heritageClauses?.flatMap(({ types }) =>
        types.map((one) => one.getText()),
      )
      above.set(node.name.text, parents ?? [])
    }
  }
  const fieldsOf = (name: string): [string, string][] => [
    ...(comments.get(name) ?? []),
    ...(above.get(name) ?? []).flatMap(fieldsOf),
  ]
  for (const [, name, { shape }] of declared) {
    const fields = new Map(fieldsOf(name))
    for (const key of Object.keys(shape)) {
      const comment = fields.get(key)
      t.not(comment, undefined, `${name}.${key} is declared`)
      if (!plain.includes(key)) t.match(comment, /\/\*\*\s+\S/, `${name}.${key} has a comment`)
    }
  }
})
