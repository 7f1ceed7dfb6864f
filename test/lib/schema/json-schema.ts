import t from 'tap'
import { jsonSchemas } from '../../../dist/schema/json-schema.js'

t.test('the schema that validates is the one that is published', async (t) => {
  const schemas = jsonSchemas()
  t.match(schemas['container.create'], {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    required: ['id', 'image'],
    properties: {
      id: { type: 'string', pattern: '^[a-zA-Z0-9_-]{1,100}$' },
      cpuLimit: { anyOf: [{ type: 'number', minimum: 1 }, { type: 'null' }] },
    },
  })
  t.match(schemas['host.open'], { properties: { stateDir: { default: '/run/osctl' } } })
  for (const [name, schema] of Object.entries(schemas)) {
    // One of several kinds of them, or one.
    const { oneOf = [schema] } = schema as { oneOf?: readonly object[] }
    for (const one of oneOf) t.match(one, { type: 'object' }, name)
    t.same(JSON.parse(JSON.stringify(schema)), schema, `${name} is plain JSON`)
  }
})
