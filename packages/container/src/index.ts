export { ContainerError, ERRORS } from './errors.ts';
export type { ErrorEntry, Fault } from './errors.ts';
export { Logger } from './logging.ts';
export type { LogFunction } from './logging.ts';
