/** Who may touch a header: the container, the application, or Contact's own rule (JSR 289 §4.1.3). */
export type HeaderRule = 'system' | 'free' | 'contact';

const RULES = new Map<string, HeaderRule>([
  ['call-id', 'system'],
  ['i', 'system'],
  ['cseq', 'system'],
  ['via', 'system'],
  ['v', 'system'],
  ['from', 'system'],
  ['f', 'system'],
  ['to', 'system'],
  ['t', 'system'],
  ['route', 'system'],
  ['record-route', 'system'],
  ['path', 'system'],
  ['rseq', 'system'],
  ['rack', 'system'],
  ['content-length', 'system'],
  ['l', 'system'],
  ['contact', 'contact'],
  ['m', 'contact'],
]);

/** The rule of a header; names are case-insensitive and compact forms count. */
export function headerRule(name: string): HeaderRule {
  return RULES.get(name.toLowerCase()) ?? 'free';
}

/** True when the application sets the whole Contact: REGISTER, 3xx, 485 and 200 to OPTIONS (JSR 289 §4.1.3). */
export function contactIsFree(method: string, status: number | undefined): boolean {
  if (method === 'REGISTER') return true;
  if (status === undefined) return false;
  return (status >= 300 && status < 400) || status === 485 || (method === 'OPTIONS' && status === 200);
}

/** Contact parameters and URI parts that stay the container's (JSR 289 §4.1.3). */
const CONTACT_PARTS = new Set([
  'host',
  'port',
  'scheme',
  'uri',
  'number',
  'value',
  'param:method',
  'param:ttl',
  'param:maddr',
  'param:lr',
  'param:transport',
]);

/** Whether a part of a Contact belongs to the container. */
export function isContainerContactPart(what: string): boolean {
  return CONTACT_PARTS.has(what);
}
