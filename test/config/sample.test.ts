import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { configJsonSchema, type JsonSchemaNode } from '../../src/config/json-schema.js';
import { parseToml } from '../../src/config/toml.js';
import { LEAST, makeConfigFolder, type ConfigFolder } from './config-files.js';
import { agentKeyFile } from '../../src/simulator/index.js';

const sampleFile = new URL('../../fedimg.sample.toml', import.meta.url);

/** Optional keys stand in the sample behind a `#` without a space. */
function withOptionalKeys(sample: string): string {
  return sample.replace(/^#(?=[a-z_]+ = )/gm, '');
}

/** Every key of the model below a node, as `amis[].region` or `publish.volume_types`. */
function keysOf(node: JsonSchemaNode, prefix: string): string[] {
  if (node.properties) {
    const dot = prefix === '' ? '' : `${prefix}.`;
    return Object.entries(node.properties).flatMap(([key, child]) => keysOf(child, dot + key));
  }
  if (typeof node['additionalProperties'] === 'object') return [`${prefix}.*`];
  return node.items?.properties ? keysOf(node.items, `${prefix}[]`) : [prefix];
}

function keysIn(value: unknown, prefix: string): string[] {
  if (Array.isArray(value)) {
    const tables = value.filter((item) => typeof item === 'object' && item !== null);
    return tables.length > 0 ? tables.flatMap((item) => keysIn(item, `${prefix}[]`)) : [prefix];
  }
  if (typeof value !== 'object' || value === null) return [prefix];
  const dot = prefix === '' ? '' : `${prefix}.`;
  return Object.entries(value).flatMap(([key, inner]) => keysIn(inner, dot + key));
}

describe('the sample configuration', () => {
  let folder: ConfigFolder;
  let sample: string;
  before(async () => {
    sample = await readFile(sampleFile, 'utf8');
    folder = await makeConfigFolder();
    await folder.write('tests/smoke.sh', 'true\n');
    await folder.write('codec.mjs', 'export default {};\n');
  });
  after(() => folder.remove());

  it('documents every key, and no key that does not exist', () => {
    const keys = keysIn(parseToml(withOptionalKeys(sample)).value, '');
    // Of [tags], the operator chooses the keys.
    const documented = new Set(keys.map((key) => key.replace(/^tags\..*/, 'tags.*')));
    assert.deepEqual([...documented].sort(), keysOf(configJsonSchema(), '').sort());
  });

  it('has the defaults only, so that removing a key has no effect', async () => {
    const fromSample = await folder.load(sample);
    const fromLeast = await folder.load(LEAST.replace('smoke.sh', 'tests/smoke.sh'));
    assert.deepEqual({ ...fromSample, amis: [] }, { ...fromLeast, amis: [] });
  });

  it('is accepted with all its optional keys in use', async () => {
    const here = withOptionalKeys(sample)
      .replace(/"\/etc\/\S*\.pem"/g, '"tests/smoke.sh"')
      // The password in a file is that of a user in the URL.
      .replace('"amqps://', '"amqps://fedimg@');
    const key = await readFile(agentKeyFile, 'utf8');
    await folder.write('amazon-ssm-agent.asc', key.replace('PUBLIC', 'PRIVATE'));
    assert.match(
      (await folder.complaintsAbout(here))[0] ?? '',
      /test\.agent_key: .* a private key/,
    );
    await folder.write('amazon-ssm-agent.asc', key);
    const config = await folder.load(here);
    assert.equal(config.utility.instanceProfile, 'fedimg-utility');
    assert.equal(config.test.instanceProfile, 'fedimg-test');
  });

  it('has a description of every key in the schema for editors', () => {
    const missing: string[] = [];
    const walk = (node: JsonSchemaNode, path: string): void => {
      for (const [key, child] of Object.entries(node.properties ?? {})) {
        const known = child.description !== undefined || path === '.test.instance_types';
        if (!known) missing.push(`${path}.${key}`);
        walk(child, `${path}.${key}`);
        if (child.items) walk(child.items, `${path}.${key}[]`);
      }
    };
    walk(configJsonSchema(), '');
    assert.deepEqual(missing, []);
  });
});
