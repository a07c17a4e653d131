/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/examples', '<rootDir>/test'],
  testMatch: ['**/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironmentOptions: { customExportConditions: ['@siplet/source', 'node', 'node-addons'] },
  setupFilesAfterEnv: ['<rootDir>/tools/jest-setup.mjs'],
  cacheDirectory: '<rootDir>/.cache/jest',
};
