/**
 * Lint rules: typescript-eslint's strict set with types, and who may say `Atomics`. Formatting is nobody's business here.
 *
 * A rule is turned off only with its reason beside it. Which folder imports which is .dependency-cruiser.cjs' business.
 */
import { existsSync } from 'node:fs'
import tseslint from 'typescript-eslint'

const tsconfigRootDir = import.meta.dirname

/** bench/ is a package of its own: without its packages their types are unknown, and every use of them is a fault. */
const benchInstalled = existsSync(`${tsconfigRootDir}/bench/node_modules`)

export default tseslint.config(
  { ignores: ['.ci/consumer/', 'dist/', '.build/', 'coverage/', 'out/', 'node_modules/', 'bench/node_modules/', ...(benchInstalled ? [] : ['bench/'])] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      // with noUncheckedIndexedAccess every `array[i]` of a hot loop needs it where the index is known to be in range
      '@typescript-eslint/no-non-null-assertion': 'off',
      // `${number}` is fine in messages, which is what templates are used for
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // what is asked again after an `await` or a callback has often changed by then, and arguments of callers without types are
      // checked at run time: TypeScript's narrowing knows neither, so the rule is mostly wrong here
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // what a user's code threw is passed on as it was, whatever it is
      '@typescript-eslint/only-throw-error': 'off',
      // interfaces of closures (pools, codecs, generators' parts) are written in method form and taken apart; none says `this`
      '@typescript-eslint/unbound-method': 'off',
      // `void | Promise<void>` is what a callback answers that may be asynchronous
      '@typescript-eslint/no-invalid-void-type': 'off',
      // overloads are for readers and inference: one per kind of argument, with its own words
      '@typescript-eslint/unified-signatures': 'off',
      // `_` and names that begin with it are there for their position
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' }
      ],
      // `== null` asks for both, null and undefined
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-fallthrough': 'error',
      'no-sparse-arrays': 'error',
      'no-unsafe-finally': 'error'
    }
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/atomic/**'],
    rules: {
      'no-restricted-globals': ['error', { name: 'Atomics', message: 'Only src/atomic says Atomics: use src/atomic/memory.ts or park.ts.' }],
      'no-restricted-properties': ['error', { object: 'globalThis', property: 'Atomics', message: 'Only src/atomic says Atomics.' }],
      // a library is quiet: what it has to say is an error, a warning with a code, or an output
      'no-console': 'error'
    }
  },
  {
    files: ['spec/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // an async function without await is how the callback of an asynchronous stage is written, and what `rejects` is given
      '@typescript-eslint/require-await': 'off',
      // `[...text]` is meant: by code point
      '@typescript-eslint/no-misused-spread': 'off',
      // values of a class of its own are test data too
      '@typescript-eslint/no-extraneous-class': ['error', { allowEmpty: true }]
    }
  }
)
