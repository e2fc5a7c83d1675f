import { defineConfig, type OxlintOverride } from 'oxlint';
import manifest from './package.json' with { type: 'json' };
import { openRooms, rooms, type Room } from './rooms.ts';

const everyRoom = [...rooms.map((room) => room.name), ...openRooms];

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'node'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['node_modules', 'data', 'panel/dist*', 'panel/client/openapi.d.ts', 'test/histories/*.json'],
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
    'typescript/switch-exhaustiveness-check': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'node/no-process-env': 'error',
    'max-lines': ['error', { max: 300, skipBlankLines: false, skipComments: false }],
    'max-lines-per-function': ['error', { max: 60 }],
    'no-console': 'error',
    'no-await-in-loop': 'off',
    'no-unmodified-loop-condition': 'off',
    'no-underscore-dangle': 'off',
    'import/no-named-as-default-member': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'typescript/unbound-method': 'off',
    'promise/no-callback-in-promise': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'no-shadow': 'off',
    'no-restricted-imports': ['error', { patterns: [relativeAcrossRooms()] }],
  },
  overrides: [
    ...rooms.map((room): OxlintOverride => ({
      files: [`${room.name}/**/*.{ts,tsx}`],
      rules: { 'no-restricted-imports': ['error', { patterns: restrictionsOf(room) }] },
    })),
    {
      files: ['panel/**/*.{ts,tsx}'],
      plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'react', 'jsx-a11y'],
      rules: {
        'react/rules-of-hooks': 'error',
        'react/exhaustive-deps': 'error',
        'react/react-in-jsx-scope': 'off',
        // it takes the functions that give a table's cells for components
        'react/no-unstable-nested-components': 'off',
        'jsx-a11y/prefer-tag-over-role': 'off',
        // styles of the libraries
        'import/no-unassigned-import': 'off',
      },
    },
    // what a component returns is markup, a line for each attribute
    { files: ['panel/**/*.tsx'], rules: { 'max-lines-per-function': ['error', { max: 100 }] } },
    { files: ['panel/vite.config.ts'], rules: { 'no-restricted-imports': 'off' } },
    { files: ['**/*.schema.ts'], rules: { 'max-lines': 'off' } },
    { files: ['*.config.ts', 'panel/vite.config.ts', 'test/workflows/setup.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: ['**/main.ts', 'test/**', 'lab/**', 'standalone/**', 'bench/**'],
      rules: { 'node/no-process-env': 'off', 'no-console': 'off' },
    },
    { files: ['test/**'], rules: { 'max-lines-per-function': 'off' } },
  ],
});

/** Each forbidden import says why. */
function restrictionsOf(room: Room): { regex: string; message: string; allowTypeImports?: boolean }[] {
  const forbidden = everyRoom.filter((name) => name !== room.name && !room.may.includes(name) && !room.typesOnly?.includes(name));
  const may = room.may.length === 0 ? 'no other room' : room.may.join(', ');
  return [
    relativeAcrossRooms(),
    { regex: `^#(${forbidden.join('|')})/`, message: `${room.name}/ may import ${may}: see rooms.ts.` },
    ...(room.typesOnly ?? []).map((name) => ({
      regex: `^#${name}/`,
      message: `${room.name}/ may import types of ${name}/ only: see rooms.ts.`,
      allowTypeImports: true,
    })),
    { regex: outsideExcept(room.outside), message: `${room.name}/ may use ${room.outside.join(', ')} and Node: see rooms.ts.` },
    ...(isBundled(room)
      ? [
          {
            regex: String.raw`^#domain/.*\.schema\.ts$`,
            message: 'zod would grow the bundle: import the type only.',
            allowTypeImports: true,
          },
        ]
      : []),
  ];
}

function isBundled({ name }: Room): boolean {
  return name === 'workflows' || name === 'panel';
}

function relativeAcrossRooms(): { regex: string; message: string } {
  return { regex: String.raw`^(\.\./)+(${everyRoom.join('|')})/`, message: 'Across rooms write #room/file.ts.' };
}

/** Every package that the project has, but the given ones; one that it has not is found by knip. */
function outsideExcept(packages: readonly string[]): string {
  const known = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
  return `^(${known.filter((name) => !packages.includes(name)).join('|')})(/|$)`;
}
