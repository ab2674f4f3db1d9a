import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const nodeBuiltins = {
  group: ['node:*', 'fs', 'path', 'os', 'crypto', 'child_process', 'http', 'https', 'net', 'url'],
  message: 'Workflow and model code is deterministic: no Node built-ins.',
};

/** Files of src itself that both sides which talk to Temporal use. */
const TEMPORAL_SIDE = [
  ...['contract', 'search-attributes', 'temporal-settings'],
  ...['payload-codec', 'package-version', 'worker-version'],
];

/** What each folder of src may import beside itself; everything else is refused, so that all arrows run one way. */
const ALLOWED = {
  model: [],
  guest: ['model'],
  proxy: [],
  aws: ['model', 'proxy'],
  fetch: ['model', 'proxy'],
  messaging: ['model'],
  notify: ['model', 'proxy'],
  telemetry: ['model', 'aws'],
  config: ['model', 'fetch'],
  activities: ['model', 'guest', 'aws', 'fetch', 'messaging', 'notify', 'config'],
  workflows: ['model', 'contract', 'activities'],
  worker: [
    ...['model', 'aws', 'fetch', 'messaging', 'notify', 'config', 'activities', 'telemetry'],
    ...TEMPORAL_SIDE,
  ],
  client: [...['model', 'fetch', 'messaging', 'telemetry'], ...TEMPORAL_SIDE],
  monitor: ['model', 'aws', 'config', 'client', 'telemetry', 'contract'],
  dashboard: ['model', 'client'],
  local: ['model', 'client', 'contract', 'search-attributes', 'simulator/index'],
  commands: [
    ...['model', 'aws', 'fetch', 'messaging', 'config', 'activities', 'client', 'worker', 'local'],
    ...[
      'dashboard',
      'proxy',
      'simulator/index',
      'telemetry',
      'monitor',
      'notify',
      'package-version',
      'temporal-settings',
      'worker-version',
    ],
  ],
  simulator: [],
};

/** The calls that fail with a message only if the caller gives one. */
const BARE_ASSERT = [
  "CallExpression[arguments.length=1][callee.name='assert']",
  "CallExpression[arguments.length=1][callee.object.name='assert'][callee.property.name='ok']",
].map((selector) => ({
  selector,
  message:
    'Give the assertion a message: without one, Node parses the whole source file to invent it, which takes minutes in a TypeScript file.',
}));

/** How deep the tree of src is, at most: an import leaves its folder by as many `../` as the file is deep. */
const DEPTH_MAX = 4;

function layers(folder) {
  return Array.from({ length: DEPTH_MAX }, (_, index) => {
    const depth = index + 1;
    const allowed = ALLOWED[folder].map((one) => `${one}(?:/|\\.js$)`).join('|');
    const patterns = [
      {
        regex: `^(?:\\.\\./){${depth}}(?!${allowed === '' ? '$' : allowed})`,
        message: `src/${folder} may import ${ALLOWED[folder].join(', ') || 'itself only'}; see the tree in README.md.`,
      },
    ];
    if (folder === 'workflows') {
      patterns.push({
        regex: `^(?:\\.\\./){${depth}}activities/`,
        allowTypeImports: true,
        message: 'Workflows know activities by their types only.',
      });
    }
    if (folder === 'workflows' || folder === 'model') patterns.push(nodeBuiltins);
    return {
      files: [`src/${folder}/${'*/'.repeat(index)}*.ts`],
      rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
    };
  });
}

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.fedimg/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        // By name: ESLint then reads each project once, which is quicker than to look for the project of each file.
        project: ['tsconfig.json', 'src/simulator/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
      eqeqeq: 'error',
      'no-restricted-syntax': ['error', ...BARE_ASSERT],
    },
  },
  ...Object.keys(ALLOWED).flatMap(layers),
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
    },
  },
  { files: ['**/*.js', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
  {
    // Mocha loads reporters as CommonJS.
    files: ['**/*.cjs'],
    languageOptions: { globals: { require: 'readonly', module: 'writable', console: 'readonly' } },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    files: ['bin/*.js'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  {
    // Runs in browsers.
    files: ['src/dashboard/static/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        ['document', 'DOMParser', 'Element', 'EventSource', 'fetch', 'location']
          .concat(['navigator', 'setInterval', 'setTimeout', 'window'])
          .map((name) => [name, 'readonly']),
      ),
    },
  },
  // The runner loads a benchmark by its file's name.
  {
    files: ['eslint.config.js', 'bench/*.ts'],
    rules: { 'no-restricted-exports': 'off' },
  },
);
