// Errors as JSON for programs and as a plain page for people; never with a stack.
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { prefersHtml } from './negotiation.ts';

/** Answers with an error in the form that the client accepts. */
export function sendErrorPage(
  reply: FastifyReply,
  accept: string | undefined,
  status: number,
  message: string | undefined,
  code?: string,
): void {
  const text = message ?? STATUS_CODES[status] ?? 'Error';
  void reply.code(status).header('cache-control', 'no-store');
  if (prefersHtml(accept)) {
    reply.removeHeader('content-type');
    void reply.header('content-type', 'text/html; charset=utf-8').send(errorPage(status, text, code));
    return;
  }
  reply.removeHeader('content-type');
  void reply
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify({ error: text, status, ...(code === undefined ? {} : { code }) }));
}

function errorPage(status: number, text: string, code: string | undefined): string {
  const title = `${status} ${STATUS_CODES[status] ?? 'Error'}`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title></head>`,
    `<body><h1>${escapeHtml(title)}</h1>`,
    text === STATUS_CODES[status] ? '' : `<p>${escapeHtml(text)}</p>`,
    code === undefined ? '' : `<p><small>${escapeHtml(code)}</small></p>`,
    '<p><a href="/">Start page</a></p></body></html>\n',
  ].join('\n');
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes text harmless inside HTML elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => HTML_ESCAPES[character] ?? character);
}
