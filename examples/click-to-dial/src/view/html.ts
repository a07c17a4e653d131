// HTML as values: text is escaped unless it was made here.

/** Markup that needs no escaping any more. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template. `false` and `undefined` leave nothing. */
export type HtmlValue = string | number | boolean | undefined | Html | readonly HtmlValue[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Makes text safe between tags and inside quoted attributes. Characters that turn or hide the text around them become visible. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (each) => ENTITIES[each] ?? '').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, show);
}

function show(character: string): string {
  return character === '\n' || character === '\t' ? character : '\ufffd';
}

/** A template whose values are escaped: html`<b>${name}</b>`. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? '';
  for (const [index, value] of values.entries()) text += render(value) + (strings[index + 1] ?? '');
  return new Html(text);
}

function render(value: HtmlValue): string {
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'object') return value.map(render).join('');
  return value === true ? 'true' : '';
}
