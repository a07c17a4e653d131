// The part of npm `sip` 0.0.6 (which has no types of its own) that the phones use.
declare module 'sip' {
  interface Npm {
    parse(text: string): unknown;
    stringify(message: object): string;
    parseUri(text: string): { host: string; port: number; params: Record<string, string | null> } | undefined;
  }
  const sip: Npm;
  export default sip;
}
