import { describe, expect, test } from '@jest/globals';
import {
  applyStrictRouting,
  checkRemoteCSeq,
  createAck,
  createDialogRequest,
  createResponseFor,
  dialogFromRequest,
  dialogFromResponse,
  isLooseRouter,
  nextHop,
  parseUri,
  undoStrictRouting,
  updateDialogFromRequest,
  updateDialogFromResponse,
  updateDialogFromSentResponse,
  type DialogState,
  type SipRequest,
  type SipResponse,
} from '@siplet/sip';
import { incoming, parseRequest, request } from '../support.ts';

function response(
  to: SipRequest,
  status: number,
  options: { tag?: string; contact?: string; recordRoute?: string[] } = {},
): SipResponse {
  const { tag = 'b', contact, recordRoute = [] } = options;
  const message = createResponseFor(to, status, undefined, tag === '' ? undefined : tag);
  message.headers.setAll('Record-Route', recordRoute);
  if (contact !== undefined) message.headers.set('Contact', contact);
  return message;
}

const R1 = '<sip:p1.example.com;lr>';
const R2 = '<sip:p2.example.com;lr>';
const invite = (): SipRequest => request();
const confirmed = (routes: string[] = []): DialogState =>
  dialogFromResponse(invite(), response(invite(), 200, { contact: '<sip:bob@192.0.2.9>', recordRoute: routes }));

describe('a dialog begins', () => {
  test('at the UAC with the reversed Record-Route (RFC 3261 §12.1.2), as plain data', () => {
    const dialog = dialogFromResponse(
      invite(),
      response(invite(), 180, { contact: '"B" <sip:bob@192.0.2.9;transport=tcp>;x', recordRoute: [R1, R2] }),
    );
    expect(dialog).toEqual({
      callId: 'c1',
      localTag: 'a',
      remoteTag: 'b',
      localParty: '<sip:alice@example.com>;tag=a',
      remoteParty: '<sip:bob@example.com>;tag=b',
      remoteTarget: 'sip:bob@192.0.2.9;transport=tcp',
      routeSet: [R2, R1],
      localCSeq: 1,
      remoteCSeq: undefined,
      secure: false,
      state: 'early',
      role: 'uac',
    });
    expect({ remoteCSeq: undefined, ...JSON.parse(JSON.stringify(dialog)) }).toEqual(dialog);
  });

  test('at the UAS with the Record-Route in order (RFC 3261 §12.1.1)', () => {
    const message = parseRequest(incoming('INVITE', { cseq: 7, extra: [`Record-Route: ${R1}, ${R2}`] }));
    message.uriText = 'sips:bob@192.0.2.1';
    const dialog = dialogFromRequest(message, 'mine');
    expect(dialog).toMatchObject({
      localTag: 'mine',
      remoteTag: 'a',
      localParty: '<sip:bob@example.com>;tag=mine',
      remoteParty: '<sip:alice@example.com>;tag=a',
      remoteTarget: 'sip:alice@192.0.2.2:5062',
      routeSet: [R1, R2],
      localCSeq: 0,
      remoteCSeq: 7,
      secure: true,
      state: 'early',
      role: 'uas',
    });
    expect(createDialogRequest(dialog, 'BYE').headers.get('CSeq')).toBe('1 BYE');
  });

  test('with the To of a request that has a tag already', () => {
    expect(dialogFromRequest(parseRequest(incoming('INVITE', { toTag: 'x' })), 'x').localParty).toBe(
      '<sip:bob@example.com>;tag=x',
    );
  });

  test('not without the headers it needs', () => {
    const bare = invite();
    bare.headers.delete('From');
    expect(() => dialogFromResponse(bare, response(invite(), 200))).toThrow(
      expect.objectContaining({ code: 'SIP_ERR_HEADER_MISSING' }),
    );
    const odd = invite();
    odd.headers.set('To', '<sip:');
    expect(() => dialogFromRequest(odd, 'x')).toThrow(expect.objectContaining({ code: 'SIP_ERR_NAME_ADDR' }));
  });
});

describe('requests inside a dialog (RFC 3261 §12.2.1.1)', () => {
  test('without routes go to the remote target', () => {
    const dialog = confirmed();
    const bye = createDialogRequest(dialog, 'BYE');
    expect(bye.uriText).toBe('sip:bob@192.0.2.9');
    expect([...bye.headers.entries()]).toEqual([
      ['Max-Forwards', '70'],
      ['From', '<sip:alice@example.com>;tag=a'],
      ['To', '<sip:bob@example.com>;tag=b'],
      ['Call-ID', 'c1'],
      ['CSeq', '2 BYE'],
    ]);
    expect(createDialogRequest(dialog, 'INFO').headers.get('CSeq')).toBe('3 INFO');
    expect(dialog.localCSeq).toBe(3);
  });

  test('with loose routers keep the target and carry the route set', () => {
    const bye = createDialogRequest(confirmed([R1, R2]), 'BYE');
    expect(bye.uriText).toBe('sip:bob@192.0.2.9');
    expect(bye.headers.getAll('Route')).toEqual([R2, R1]);
    expect(nextHop(bye).toString()).toBe('sip:p2.example.com;lr');
  });

  test('with a strict router first make it the Request-URI and put the target last', () => {
    const bye = createDialogRequest(confirmed([R1, '<sip:strict@p2.example.com:5070;method=INVITE;x=y?a=b>']), 'BYE');
    expect(bye.uriText).toBe('sip:strict@p2.example.com:5070;x=y');
    expect(bye.headers.getAll('Route')).toEqual([R1, '<sip:bob@192.0.2.9>']);
    const info = createDialogRequest(confirmed(['<tel:+1>']), 'INFO');
    expect(info.uriText).toBe('tel:+1');
  });

  test('ACK and CANCEL, an ended dialog and a missing target are refused before the CSeq moves', () => {
    const dialog = confirmed();
    for (const method of ['ACK', 'CANCEL']) {
      expect(() => createDialogRequest(dialog, method)).toThrow(expect.objectContaining({ code: 'SIP_ERR_METHOD' }));
    }
    dialog.remoteTarget = undefined;
    expect(() => createDialogRequest(dialog, 'BYE')).toThrow(expect.objectContaining({ code: 'SIP_ERR_DIALOG_STATE' }));
    dialog.state = 'terminated';
    expect(() => createDialogRequest(dialog, 'BYE')).toThrow(expect.objectContaining({ code: 'SIP_ERR_DIALOG_STATE' }));
    expect(dialog.localCSeq).toBe(1);
  });

  test('the ACK of a 2xx has the CSeq and credentials of the INVITE and the routes of the dialog (§13.2.2.4)', () => {
    const message = invite();
    message.headers.set('CSeq', '5 INVITE');
    message.headers.add('Proxy-Authorization', 'Digest username="a"');
    message.headers.add('Authorization', 'Digest username="b"');
    const ok = response(message, 200, { contact: '<sip:bob@192.0.2.9>', recordRoute: [R1] });
    const dialog = dialogFromResponse(message, ok);
    dialog.localCSeq = 9;
    const ack = createAck(message, ok, dialog);
    expect(ack.uriText).toBe('sip:bob@192.0.2.9');
    expect([...ack.headers.entries()]).toEqual([
      ['Route', R1],
      ['Max-Forwards', '70'],
      ['From', '<sip:alice@example.com>;tag=a'],
      ['To', '<sip:bob@example.com>;tag=b'],
      ['Call-ID', 'c1'],
      ['CSeq', '5 ACK'],
      ['Authorization', 'Digest username="b"'],
      ['Proxy-Authorization', 'Digest username="a"'],
    ]);
    expect(dialog.localCSeq).toBe(9);
    message.headers.delete('CSeq');
    ok.headers.delete('To');
    expect(createAck(message, ok, dialog).headers.get('CSeq')).toBe('9 ACK');
  });
});

describe('responses change the UAC side', () => {
  test('early → confirmed takes target and route set of the 2xx (RFC 3261 §13.2.2.4)', () => {
    const dialog = dialogFromResponse(
      invite(),
      response(invite(), 183, { contact: '<sip:early@x>', recordRoute: [R1] }),
    );
    updateDialogFromResponse(
      dialog,
      invite(),
      response(invite(), 180, { contact: '<sip:early2@x>', recordRoute: [R2] }),
    );
    expect(dialog).toMatchObject({ state: 'early', remoteTarget: 'sip:early2@x', routeSet: [R1] });
    updateDialogFromResponse(
      dialog,
      invite(),
      response(invite(), 200, { contact: '<sip:final@x>', recordRoute: [R2] }),
    );
    expect(dialog).toMatchObject({ state: 'confirmed', remoteTarget: 'sip:final@x', routeSet: [R2] });
  });

  test('a 100 changes nothing; a first tag is taken; a 2xx without Contact keeps the target', () => {
    const dialog = dialogFromResponse(invite(), response(invite(), 183, { tag: '', contact: '<sip:e@x>' }));
    expect(dialog.remoteTag).toBeUndefined();
    updateDialogFromResponse(dialog, invite(), response(invite(), 100, { tag: 'no' }));
    expect(dialog.remoteTag).toBeUndefined();
    updateDialogFromResponse(dialog, invite(), response(invite(), 200, { tag: 'yes' }));
    expect(dialog).toMatchObject({
      remoteTag: 'yes',
      remoteParty: '<sip:bob@example.com>;tag=yes',
      remoteTarget: 'sip:e@x',
      state: 'confirmed',
    });
  });

  test('a re-INVITE, UPDATE and NOTIFY refresh the target with 2xx and keep the routes; INFO does not', () => {
    for (const [method, target] of [
      ['INVITE', 'sip:new@x'],
      ['UPDATE', 'sip:new@x'],
      ['NOTIFY', 'sip:new@x'],
      ['INFO', 'sip:bob@192.0.2.9'],
      ['FOO', 'sip:bob@192.0.2.9'],
    ] as const) {
      const dialog = confirmed([R1]);
      const message = createDialogRequest(dialog, method);
      updateDialogFromResponse(dialog, message, response(message, 180, { contact: '<sip:no@x>' }));
      updateDialogFromResponse(dialog, message, response(message, 200, { contact: '<sip:new@x>', recordRoute: [R2] }));
      expect(dialog).toMatchObject({ state: 'confirmed', remoteTarget: target, routeSet: [R1] });
    }
  });

  test('a final error ends an early dialog, not a confirmed one', () => {
    const early = dialogFromResponse(invite(), response(invite(), 180));
    updateDialogFromResponse(early, invite(), response(invite(), 486));
    expect(early.state).toBe('terminated');
    updateDialogFromResponse(early, invite(), response(invite(), 200));
    expect(early.state).toBe('terminated');
    const dialog = confirmed();
    updateDialogFromResponse(dialog, createDialogRequest(dialog, 'INVITE'), response(invite(), 488));
    expect(dialog.state).toBe('confirmed');
  });

  test('481 and 408 end any dialog (RFC 3261 §12.2.1.2); BYE ends it unless it must be authenticated', () => {
    for (const [method, status, state] of [
      ['INFO', 481, 'terminated'],
      ['INFO', 408, 'terminated'],
      ['INFO', 500, 'confirmed'],
      ['BYE', 200, 'terminated'],
      ['BYE', 500, 'terminated'],
      ['BYE', 401, 'confirmed'],
      ['BYE', 407, 'confirmed'],
      ['BYE', 180, 'confirmed'],
    ] as const) {
      const dialog = confirmed();
      const message = createDialogRequest(dialog, method);
      updateDialogFromResponse(dialog, message, response(message, status));
      expect(dialog.state).toBe(state);
    }
  });
});

describe('requests change the UAS side', () => {
  const inside = (method: string, cseq: number, extra: string[] = []): SipRequest =>
    parseRequest(incoming(method, { cseq, toTag: 'mine', extra }));
  const uas = (): DialogState => dialogFromRequest(parseRequest(incoming('INVITE', { cseq: 5 })), 'mine');

  test('a lower CSeq is stale, ACK and CANCEL never are (RFC 3261 §12.2.2)', () => {
    const dialog = uas();
    expect(checkRemoteCSeq(dialog, inside('INFO', 4))).toBe('stale');
    expect(checkRemoteCSeq(dialog, inside('INFO', 5))).toBe('ok');
    expect(checkRemoteCSeq(dialog, inside('INFO', 6))).toBe('ok');
    expect(checkRemoteCSeq(dialog, inside('ACK', 1))).toBe('ok');
    expect(checkRemoteCSeq(dialog, inside('CANCEL', 1))).toBe('ok');
    expect(dialog.remoteCSeq).toBe(5);
    expect(checkRemoteCSeq(confirmed(), inside('INFO', 0))).toBe('ok');
    const bare = inside('INFO', 1);
    bare.headers.delete('CSeq');
    expect(checkRemoteCSeq(dialog, bare)).toBe('ok');
  });

  test('the CSeq is recorded; only a target refresh request moves the target', () => {
    const dialog = uas();
    const info = inside('INFO', 6);
    info.headers.set('Contact', '<sip:no@x>');
    updateDialogFromRequest(dialog, info);
    expect(dialog).toMatchObject({ remoteCSeq: 6, remoteTarget: 'sip:alice@192.0.2.2:5062' });
    updateDialogFromRequest(dialog, inside('ACK', 5));
    expect(dialog.remoteCSeq).toBe(6);
    const update = inside('UPDATE', 7);
    update.headers.set('Contact', '<sip:moved@x>');
    updateDialogFromRequest(dialog, update);
    expect(dialog).toMatchObject({ remoteCSeq: 7, remoteTarget: 'sip:moved@x' });
    update.headers.delete('Contact');
    updateDialogFromRequest(dialog, update);
    expect(dialog.remoteTarget).toBe('sip:moved@x');
  });

  test('our answers move it: 1xx nothing, 2xx confirms, an error ends it, BYE ends it', () => {
    const dialog = uas();
    const invitation = inside('INVITE', 5);
    updateDialogFromSentResponse(dialog, invitation, 180);
    expect(dialog.state).toBe('early');
    updateDialogFromSentResponse(dialog, inside('PRACK', 6), 200);
    expect(dialog.state).toBe('early');
    updateDialogFromSentResponse(dialog, invitation, 200);
    expect(dialog.state).toBe('confirmed');
    updateDialogFromSentResponse(dialog, inside('INVITE', 7), 488);
    expect(dialog.state).toBe('confirmed');
    updateDialogFromSentResponse(dialog, inside('BYE', 8), 401);
    expect(dialog.state).toBe('confirmed');
    updateDialogFromSentResponse(dialog, inside('BYE', 9), 200);
    updateDialogFromSentResponse(dialog, invitation, 200);
    expect(dialog.state).toBe('terminated');
    const refused = uas();
    updateDialogFromSentResponse(refused, invitation, 486);
    expect(refused.state).toBe('terminated');
  });
});

describe('routing', () => {
  test('nextHop is the top loose route, else the Request-URI, with maddr for the host', () => {
    const message = request('OPTIONS', 'sip:bob@example.com;maddr=192.0.2.7');
    expect(nextHop(message).toString()).toBe('sip:bob@192.0.2.7;maddr=192.0.2.7');
    expect(message.uriText).toBe('sip:bob@example.com;maddr=192.0.2.7');
    message.headers.add('Route', '<sip:strict>');
    expect(nextHop(message).toString()).toBe('sip:bob@192.0.2.7;maddr=192.0.2.7');
    message.headers.prepend('Route', '<sip:loose;lr>, <sip:second;lr>');
    expect(nextHop(message).toString()).toBe('sip:loose;lr');
    expect(nextHop(request('OPTIONS', 'tel:+1')).toString()).toBe('tel:+1');
    expect(isLooseRouter(parseUri('tel:+1;lr'))).toBe(false);
  });

  test('a proxy puts a strict router into the Request-URI and takes it out again (RFC 3261 §16.6, §16.4)', () => {
    const message = request('OPTIONS', 'sip:target');
    applyStrictRouting(message);
    undoStrictRouting(message);
    expect(message.uriText).toBe('sip:target');
    message.headers.add('Route', '<sip:strict:5070>');
    message.headers.add('Route', '<sip:next;lr>');
    applyStrictRouting(message);
    expect(message.uriText).toBe('sip:strict:5070');
    expect(message.headers.getAll('Route')).toEqual(['<sip:next;lr>', '<sip:target>']);
    applyStrictRouting(message);
    undoStrictRouting(message);
    expect(message.uriText).toBe('sip:target');
    expect(message.headers.getAll('Route')).toEqual(['<sip:next;lr>']);
    undoStrictRouting(message);
    expect(message.headers.has('Route')).toBe(false);
  });
});
