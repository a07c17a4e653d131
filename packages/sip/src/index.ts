export { PURE_CODEC, binaryToUtf8, utf8ToBinary, type ByteCodec, type Ms } from './codec.ts';
export { ERRORS, SipError, type ErrorInfo, type Fault } from './errors.ts';
export { isIpv6, quote, splitList, unquote } from './grammar/scanner.ts';
export { Parameters, type ParameterStyle } from './header/parameters.ts';
export { SipUri, escapeUser, unescapeUser } from './uri/sip-uri.ts';
export { TelUri } from './uri/tel-uri.ts';
export { AbsoluteUri, parseUri, type Uri } from './uri/uri.ts';
export { NameAddr, parseNameAddr } from './header/name-addr.ts';
export { Via, parseVia } from './header/via.ts';
export { parseCSeq, parseRAck, type CSeq, type RAck } from './header/cseq.ts';
export { METHODS, canonicalName, headerInfo, type HeaderInfo, type MethodInfo } from './header/names.ts';
export { Headers } from './message/headers.ts';
export { SipRequest, SipResponse, createResponseFor, type SipMessage } from './message/message.ts';
export {
  DEFAULT_LIMITS,
  parseMessage,
  type ParseLimits,
  type ParseOptions,
  type ParseResult,
} from './message/parse.ts';
export { validateRequest, validateResponse } from './message/validate.ts';
export { serialize, type SerializeOptions } from './message/serialize.ts';
export { StreamFramer, type FrameResult } from './message/frame.ts';
export { isFinal, isProvisional, isSuccess, reasonPhrase } from './message/status.ts';
export { CountingIds, MAGIC_COOKIE, RandomIds, type IdSource } from './ids.ts';
export type { EngineEvent, Flow, Out, Protocol } from './out.ts';
export type { TimerConfig } from './transaction/timers.ts';
export { ClientTransaction, ServerTransaction, type ClientState, type ServerState } from './transaction/transaction.ts';
export type { EngineCounts } from './transaction/layer.ts';
export { INVITE_CLIENT } from './transaction/invite-client.ts';
export { INVITE_SERVER } from './transaction/invite-server.ts';
export { CLIENT } from './transaction/client.ts';
export { SERVER } from './transaction/server.ts';
export { SipEngine, type EngineOptions, type RespondOptions, type SendOptions } from './engine.ts';
export {
  checkRemoteCSeq,
  createAck,
  createDialogRequest,
  dialogFromRequest,
  dialogFromResponse,
  updateDialogFromRequest,
  updateDialogFromResponse,
  updateDialogFromSentResponse,
  type DialogState,
} from './dialog/dialog.ts';
export { applyStrictRouting, isLooseRouter, nextHop, undoStrictRouting } from './dialog/route-set.ts';
export {
  answerChallenge,
  digestA1,
  digestAlgorithm,
  digestResponse,
  formatChallenge,
  formatCredentials,
  isNonceCount,
  parseChallenges,
  parseCredentials,
  type AnswerInput,
  type DigestAlgorithm,
  type DigestChallenge,
  type DigestCredentials,
  type DigestResponseInput,
  type HashFunction,
} from './auth/digest.ts';
export { TimerHeap, type TimerEntry } from './transaction/heap.ts';
