/** Milliseconds: timers, and instants counted from the Unix epoch where the JSR returns a Java `long` time. */
export type Ms = number;

/** Seconds: header values such as Expires, and proxy timeouts. */
export type Seconds = number;

/** Minutes: application session expiry. */
export type Minutes = number;

/** Data that survives a trip through JSON; everything a call needs in order to go on is of this type. */
export type PlainData =
  | string
  | number
  | boolean
  | null
  | readonly PlainData[]
  | { readonly [key: string]: PlainData | undefined };
