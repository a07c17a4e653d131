/** What the container has to know about a method. */
export interface MethodTraits {
  /** A 2xx makes a dialog (RFC 3261 §12.1, RFC 6665 §4, RFC 3515). */
  readonly createsDialog: boolean;
  /** Carries a Contact of ours, and so do its 1xx and 2xx (RFC 3261 §12.2.1.2, RFC 3311, RFC 6665). */
  readonly hasContact: boolean;
  /** Never an initial request (JSR 289 appendix B). */
  readonly neverInitial: boolean;
  /** `createRequest` makes it; ACK, CANCEL and PRACK come from their own methods. */
  readonly creatable: boolean;
}

const PLAIN: MethodTraits = { createsDialog: false, hasContact: false, neverInitial: false, creatable: true };

const TRAITS = new Map<string, MethodTraits>([
  ['INVITE', { ...PLAIN, createsDialog: true, hasContact: true }],
  ['SUBSCRIBE', { ...PLAIN, createsDialog: true, hasContact: true }],
  ['REFER', { ...PLAIN, createsDialog: true, hasContact: true }],
  ['NOTIFY', { ...PLAIN, hasContact: true }],
  ['UPDATE', { ...PLAIN, hasContact: true, neverInitial: true }],
  ['BYE', { ...PLAIN, neverInitial: true }],
  ['ACK', { ...PLAIN, neverInitial: true, creatable: false }],
  ['CANCEL', { ...PLAIN, neverInitial: true, creatable: false }],
  ['PRACK', { ...PLAIN, neverInitial: true, creatable: false }],
]);

/** The traits of a method; unknown methods are plain. */
export function traitsOf(method: string): MethodTraits {
  return TRAITS.get(method) ?? PLAIN;
}
