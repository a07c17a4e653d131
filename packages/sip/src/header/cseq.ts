import { CSEQ, SipError } from '../errors.ts';
import { Scanner, TOKEN, DIGIT, decimal } from '../grammar/scanner.ts';
import { internMethod } from './names.ts';

/** CSeq: a number below 2^31 and a method (RFC 3261 §20.16). */
export interface CSeq {
  readonly number: number;
  readonly method: string;
}

/** RAck: RSeq number, CSeq number and method (RFC 3262 §7.2). */
export interface RAck {
  readonly rseq: number;
  readonly number: number;
  readonly method: string;
}

const MAX_CSEQ = 2 ** 31 - 1; // RFC 3261 §8.1.1.5
const MAX_RSEQ = 2 ** 32 - 1; // RFC 3262 §7.1

/** Reads a CSeq value. @throws SIP_ERR_CSEQ */
export function parseCSeq(text: string): CSeq {
  return cseq(new Scanner(text));
}

/** Reads an RAck value. @throws SIP_ERR_CSEQ */
export function parseRAck(text: string): RAck {
  const scanner = new Scanner(text);
  const rseq = number(scanner, MAX_RSEQ);
  const { number: sequence, method } = cseq(scanner);
  return { rseq, number: sequence, method };
}

function cseq(scanner: Scanner): CSeq {
  const value = number(scanner, MAX_CSEQ);
  const method = internMethod(scanner.run(TOKEN));
  scanner.skipBlanks();
  if (method === '' || !scanner.done) throw new SipError(CSEQ);
  return { number: value, method };
}

function number(scanner: Scanner, max: number): number {
  scanner.skipBlanks();
  const start = scanner.pos;
  scanner.run(DIGIT);
  const value = decimal(scanner.text, start, scanner.pos, max);
  const end = scanner.pos;
  scanner.skipBlanks();
  if (value < 0 || scanner.pos === end) throw new SipError(CSEQ);
  return value;
}
