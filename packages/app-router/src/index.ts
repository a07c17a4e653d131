// The default application router of JSR 289 Appendix C. It reads text, never files: the container opens them.
export {
  ALL_METHODS,
  checkApplications,
  darFromProperties,
  parseDar,
  readDar,
  type DarFile,
  type DarSubscriber,
  type DarTuple,
} from './dar.ts';
export {
  decide,
  describeDecision,
  type Consideration,
  type Decision,
  type Outcome,
  type RouterState,
  type RoutingQuestion,
  type Verdict,
} from './decision.ts';
export { DefaultApplicationRouter, type DefaultApplicationRouterOptions } from './default-application-router.ts';
export { DarError, ERRORS, formatFinding, type DarErrorCode, type DarFinding, type Position } from './errors.ts';
export { suggest } from './suggest.ts';
