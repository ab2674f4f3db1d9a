import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const nodeBuiltins = {
  group: ['node:*', 'fs', 'path', 'os', 'crypto', 'child_process', 'http', 'https', 'net', 'url'],
  message: 'Workflow and model code is deterministic: no Node built-ins.',
};

/** Folders that a folder must not import, so that all arrows run one way. */
const forbidden = {
  model: [
    'activities',
    'aws',
    'client',
    'commands',
    'config',
    'dev',
    'messaging',
    'simulator',
    'worker',
    'workflows',
  ],
  aws: ['activities', 'client', 'commands', 'config', 'dev', 'simulator', 'worker', 'workflows'],
  source: [
    'activities',
    'aws',
    'client',
    'commands',
    'config',
    'dev',
    'simulator',
    'worker',
    'workflows',
  ],
  config: ['activities', 'aws', 'client', 'commands', 'dev', 'simulator', 'worker', 'workflows'],
  activities: ['client', 'commands', 'dev', 'simulator', 'worker', 'workflows'],
  workflows: [
    'aws',
    'client',
    'commands',
    'config',
    'dev',
    'messaging',
    'simulator',
    'source',
    'worker',
  ],
  messaging: [
    'activities',
    'aws',
    'client',
    'commands',
    'config',
    'dev',
    'simulator',
    'worker',
    'workflows',
  ],
  client: ['activities', 'aws', 'commands', 'dev', 'simulator', 'worker', 'workflows'],
  worker: ['client', 'commands', 'dev', 'simulator'],
  dev: ['activities', 'aws', 'commands', 'workflows'],
  simulator: [
    'activities',
    'aws',
    'client',
    'commands',
    'config',
    'dev',
    'model',
    'source',
    'worker',
    'workflows',
  ],
};

function layer(folder) {
  const patterns = [
    {
      group: forbidden[folder].flatMap((other) => [`**/${other}/**`, `../${other}.js`]),
      message: `src/${folder} must not know this folder; see the tree in README.md.`,
    },
  ];
  if (folder === 'workflows') {
    patterns.push({
      group: ['**/activities/**'],
      allowTypeImports: true,
      message: 'Workflows import activities as types only.',
    });
  }
  if (folder === 'workflows' || folder === 'model') patterns.push(nodeBuiltins);
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.fedimg/'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
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
    },
  },
  ...Object.keys(forbidden).map(layer),
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
  { files: ['eslint.config.js'], rules: { 'no-restricted-exports': 'off' } },
);
