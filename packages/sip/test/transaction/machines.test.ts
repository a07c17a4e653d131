import { describe, expect, test } from '@jest/globals';
import {
  CLIENT,
  ClientTransaction,
  INVITE_CLIENT,
  INVITE_SERVER,
  SERVER,
  ServerTransaction,
  SipResponse,
} from '@siplet/sip';
import { step, type Argument, type Machine, type Table } from '../../src/transaction/machine.ts';
import { deriveTimers } from '../../src/transaction/timers.ts';
import type { Transaction } from '../../src/transaction/transaction.ts';
import { bytes, flow, parseRequest, incoming, request } from '../support.ts';

// What each machine does, written down a second time: `state input next effects`. Every pair that is not listed must
// be ignored: no effect, same state.
const EXPECTED: Record<string, string> = {
  'INVITE client': `
    calling 1xx proceeding -retransmit -deadline response cancel
    calling 2xx accepted -retransmit timerM=32000 response
    calling 3xx-6xx completed -retransmit -deadline ACK response timerD=32000
    calling timerA calling send timerA=1000
    calling timerB terminated timeout end
    calling transportError terminated transportError end
    proceeding 1xx proceeding response
    proceeding 2xx accepted timerM=32000 response
    proceeding 3xx-6xx completed -deadline ACK response timerD=32000
    proceeding timerCancel terminated timeout end
    proceeding transportError terminated transportError end
    accepted 2xx accepted response
    accepted timerM terminated end
    completed 3xx-6xx completed send
    completed timerD terminated end
    completed transportError terminated transportError end`,
  'non-INVITE client': `
    trying 1xx proceeding response
    trying final completed -retransmit -deadline response timerK=5000
    trying timerE trying send timerE=1000
    trying timerF terminated timeout end
    trying transportError terminated transportError end
    proceeding 1xx proceeding response
    proceeding final completed -retransmit -deadline response timerK=5000
    proceeding timerE proceeding send timerE=4000
    proceeding timerF terminated timeout end
    proceeding transportError terminated transportError end
    completed final completed
    completed timerK terminated end`,
  'INVITE server': `
    proceeding request proceeding send
    proceeding send1xx proceeding -retransmit send
    proceeding send2xx accepted -retransmit send timerL=32000 timer2xx=500
    proceeding send3xx-6xx completed -retransmit send timerG=500 timerH=32000
    proceeding timerTrying proceeding 100
    proceeding transportError terminated transportError end
    accepted request accepted
    accepted ack accepted -retransmit ack
    accepted send2xx accepted send
    accepted timer2xx accepted send timer2xx=1000
    accepted timerL terminated noAck end
    accepted transportError accepted transportError
    completed request completed send
    completed ack confirmed -retransmit -deadline timerI=5000
    completed timerG completed send timerG=1000
    completed timerH terminated end
    completed transportError terminated transportError end
    confirmed request confirmed
    confirmed ack confirmed
    confirmed timerI terminated end`,
  'non-INVITE server': `
    trying request trying
    trying send1xx proceeding -retransmit send
    trying sendFinal completed -retransmit -deadline send timerJ=32000
    trying timerTrying proceeding 100
    trying timerAbandon terminated end
    trying transportError terminated transportError end
    proceeding request proceeding send
    proceeding send1xx proceeding send
    proceeding sendFinal completed -deadline send timerJ=32000
    proceeding timerAbandon terminated end
    proceeding transportError terminated transportError end
    completed request completed send
    completed timerJ terminated end
    completed transportError terminated transportError end`,
};

const TIMERS = 'A B D E F G H I J K L M 2xx Trying Cancel Abandon'.split(' ').map((name) => `timer${name}`);
const INPUTS = [
  '1xx',
  '2xx',
  '3xx-6xx',
  'final',
  'request',
  'ack',
  'send1xx',
  'send2xx',
  'send3xx-6xx',
  'sendFinal',
  'transportError',
  ...TIMERS,
];
const STATES = ['calling', 'trying', 'proceeding', 'accepted', 'completed', 'confirmed', 'terminated'];

class RecordingMachine implements Machine {
  readonly timers = deriveTimers();
  readonly arrival = undefined;
  readonly effects: string[] = [];
  transmit(): void {
    this.effects.push('send');
  }
  event(event: { type: string }): void {
    this.effects.push(event.type);
  }
  armRetransmit(_: Transaction, kind: string, delay: number): void {
    this.effects.push(`${kind}=${delay}`);
  }
  armDeadline(_: Transaction, kind: string, delay: number): void {
    this.effects.push(`${kind}=${delay}`);
  }
  end(): void {
    this.effects.push('end');
  }
  stopRetransmit(): void {
    this.effects.push('-retransmit');
  }
  stopDeadline(): void {
    this.effects.push('-deadline');
  }
  fire(_: Transaction, kind: string): void {
    this.effects.push(`${kind}=0`);
  }
  acknowledge(): void {
    this.effects.push('ACK');
  }
  sendCancel(): void {
    this.effects.push('cancel');
  }
  sendTrying(): void {
    this.effects.push('100');
  }
}

function argumentFor(input: string): Argument {
  if (input === 'transportError') return new Error('gone');
  if (input === 'ack') return parseRequest(incoming('ACK'));
  if (input.startsWith('send')) return bytes('response');
  return ['1xx', '2xx', '3xx-6xx', 'final'].includes(input) ? new SipResponse(200) : undefined;
}

function transactionFor(name: string, protocol: 'UDP' | 'TCP'): Transaction {
  const method = name.startsWith('INVITE') ? 'INVITE' : 'OPTIONS';
  const over = flow(protocol);
  if (name.endsWith('client')) {
    const client = new ClientTransaction('id', request(method), over, undefined, false);
    client.bytes = bytes('request');
    client.ack = bytes('ack');
    client.cancel = 'held';
    client.interval = 500;
    return client;
  }
  const server = new ServerTransaction('id', request(method), over, over, false);
  server.bytes = bytes('response');
  server.awaitingAck = true;
  server.interval = 500;
  return server;
}

function run(
  name: string,
  table: object,
  state: string,
  input: string,
  protocol: 'UDP' | 'TCP' = 'UDP',
): string | undefined {
  const transaction = transactionFor(name, protocol);
  const machine = new RecordingMachine();
  (transaction as { state: string }).state = state;
  const taken = step(table as Table<string, string, Transaction>, transaction, input, machine, argumentFor(input));
  const outcome = [transaction.state, ...machine.effects].join(' ');
  if (!taken) expect(outcome).toBe(state);
  return taken ? outcome : undefined;
}

describe.each([
  ['INVITE client', INVITE_CLIENT],
  ['non-INVITE client', CLIENT],
  ['INVITE server', INVITE_SERVER],
  ['non-INVITE server', SERVER],
] as const)('the %s machine', (name, table) => {
  const rows = new Map<string, string>();
  for (const line of (EXPECTED[name] ?? '').trim().split('\n')) {
    const [state = '', input = '', ...outcome] = line.trim().split(' ');
    rows.set(`${state} ${input}`, outcome.join(' '));
  }
  const pairs = Object.keys(table).flatMap((state) => INPUTS.map((input) => [state, input] as const));

  test('has no state and no input beyond those walked here', () => {
    for (const [state, row] of Object.entries(table)) {
      expect(STATES).toContain(state);
      for (const input of Object.keys(row)) expect(INPUTS).toContain(input);
    }
    expect(pairs.length).toBe(Object.keys(table).length * INPUTS.length);
  });

  test.each(pairs)('in %s takes %s as the RFC says, or ignores it', (state, input) => {
    expect(run(name, table, state, input)).toBe(rows.get(`${state} ${input}`));
  });
});

describe('on a reliable transport', () => {
  test('Timers D, I, J and K take no time (RFC 3261 §17)', () => {
    expect(run('INVITE client', INVITE_CLIENT, 'calling', '3xx-6xx', 'TCP')).toMatch(/timerD=0$/);
    expect(run('INVITE server', INVITE_SERVER, 'completed', 'ack', 'TCP')).toMatch(/timerI=0$/);
    expect(run('non-INVITE server', SERVER, 'trying', 'sendFinal', 'TCP')).toMatch(/timerJ=0$/);
    expect(run('non-INVITE client', CLIENT, 'trying', 'final', 'TCP')).toMatch(/timerK=0$/);
  });

  test('Timer G does not run, the 2xx retransmission does (RFC 3261 §17.2.1, §13.3.1.4)', () => {
    expect(run('INVITE server', INVITE_SERVER, 'proceeding', 'send3xx-6xx', 'TCP')).toBe(
      'completed -retransmit send timerH=32000',
    );
    expect(run('INVITE server', INVITE_SERVER, 'proceeding', 'send2xx', 'TCP')).toContain('timer2xx=500');
  });
});
