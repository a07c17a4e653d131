import { describe, expect, test } from '@jest/globals';
import { duration, callList, legWords, sentence, type CallView } from '../src/view/calls-view.ts';
import { escapeHtml, html } from '../src/view/html.ts';
import { directoryPage, loginPage } from '../src/view/pages.ts';
import { peopleList } from '../src/view/people-view.ts';

const EVIL = `"><img src=x onerror=alert(1)>'\`&`;

describe('escaping', () => {
  test('everything that could end a text or an attribute is escaped', () => {
    expect(escapeHtml(EVIL)).toBe('&quot;&gt;&lt;img src=x onerror=alert(1)&gt;&#39;&#96;&amp;');
  });

  test('characters that turn or hide the text around them are made visible', () => {
    expect(escapeHtml('a\u202egnp.exe\u0000\u200b\u2028')).toBe('a\ufffdgnp.exe\ufffd\ufffd\ufffd');
    expect(escapeHtml('a\tb\nc é 名 🙂')).toBe('a\tb\nc é 名 🙂');
  });

  test('a template escapes its values and leaves markup alone that it made itself', () => {
    expect(html`<b title="${EVIL}">${html`<i>${'<'}</i>`}${[html`1`, '&']}${false}${undefined}${7}</b>`.text).toBe(
      `<b title="${escapeHtml(EVIL)}"><i>&lt;</i>1&amp;7</b>`,
    );
  });
});

const site = { domain: EVIL, sipAddress: EVIL, assetVersion: EVIL };
const person = { name: EVIL, displayName: EVIL, registered: true, contact: EVIL, phones: 1, busy: false };
const leg = { name: EVIL, displayName: EVIL, state: EVIL, status: 486, reason: EVIL };
const call: CallView = {
  id: EVIL,
  from: EVIL,
  to: 'bob',
  state: 'failed',
  reason: EVIL,
  startedAt: 0,
  endedAt: 1,
  legs: [leg, leg],
};

test('no page lets a name, a contact or a reason out of its place', () => {
  const me = { name: EVIL, displayName: EVIL };
  const pages = [
    loginPage(site, { demo: [me], error: EVIL, name: EVIL, signUp: true }),
    directoryPage(site, { me, people: [person], calls: [call], demo: [{ name: 'x', displayName: EVIL }], alert: EVIL }),
    peopleList([person], 'alice').text,
    callList([call, { ...call, state: 'connected', endedAt: undefined as never }], 'alice').text,
  ];
  for (const page of pages) {
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img');
  }
});

test('a page carries no inline script and no inline style, so that a strict content security policy holds', () => {
  const me = { name: 'alice', displayName: 'Alice' };
  const plain = { domain: 'example.com', assetVersion: '1' };
  const people = [{ ...person, name: 'bob', displayName: 'Bob', contact: 'sip:bob@10.0.0.2' }];
  for (const page of [loginPage(plain, { demo: [me] }), directoryPage(plain, { me, people, calls: [], demo: [] })]) {
    expect(page).not.toMatch(/<script(?![^>]*\bsrc=)/);
    expect(page).not.toMatch(/\sstyle=|<style|\son[a-z]+=/);
    expect(page).not.toMatch(/(?:src|href)="https?:/);
  }
});

test('oneself comes first in the directory and has no Call button; others have one when both phones are registered', () => {
  const alice = { name: 'alice', displayName: 'Alice', registered: true, phones: 1, busy: false };
  const bob = { name: 'bob', displayName: 'Bob', registered: true, phones: 2, busy: false };
  const text = peopleList([bob, alice], 'alice').text;
  expect(text.indexOf('data-person="alice"')).toBeLessThan(text.indexOf('data-person="bob"'));
  expect(text).not.toContain('data-call="alice"');
  expect(text).toContain('data-call="bob"');
  expect(text).not.toContain('disabled');
  expect(text).toContain('2 phones');
  for (const [others, why] of [
    [[{ ...bob, registered: false }, alice], 'Bob has no registered phone'],
    [[bob, { ...alice, registered: false }], 'Your own phone is not registered yet'],
    [[{ ...bob, busy: true }, alice], 'Bob is in a call'],
  ] as const)
    expect(peopleList(others, 'alice').text).toContain(`disabled title="${why}"`);
});

test('each state has a sentence, and the end of a call has its reason', () => {
  const legs = [
    { name: 'alice', displayName: 'Alice', state: 'ringing' },
    { name: 'bob', displayName: 'Bob', state: 'waiting' },
  ];
  const at = (state: string, me: string): string =>
    sentence({ ...call, from: 'alice', to: 'bob', legs, state, reason: 'Bob is busy' }, me);
  expect(at('calling-first', 'alice')).toBe('Calling your phone …');
  expect(at('ringing-first', 'alice')).toBe('Your phone is ringing. Pick up, and Bob will be called.');
  expect(at('ringing-first', 'bob')).toBe('Alice’s phone is ringing.');
  expect(at('calling-second', 'alice')).toBe('Calling Bob’s phone …');
  expect(at('ringing-second', 'bob')).toBe('Your phone is ringing …');
  expect(at('connected', 'bob')).toBe('Talking');
  expect(at('failed', 'alice')).toBe('Bob is busy.');
  expect(legWords({ name: 'bob', displayName: 'Bob', state: 'failed', status: 486 })).toBe('failed (486)');
});

test.each([
  [0, '0:00'],
  [7_999, '0:07'],
  [750_000, '12:30'],
  [3_723_000, '1:02:03'],
  [-5, '0:00'],
])('%i ms is shown as %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});
