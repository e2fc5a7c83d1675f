import { request } from 'node:http';
import type { Route } from '#api/route.ts';
import { canaries } from './fixtures.ts';

/** What nobody who means well sends. */

export interface Hostile {
  readonly what: string;
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whatever else the route would say, this is refused as an invalid request. */
  readonly isInvalid?: boolean;
}

export interface HostileAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** As it is: fetch would tidy up the path. */
export function send(url: string, method: string, { path, body, headers = {} }: Hostile): Promise<HostileAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, method, path, headers: { ...headers } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() }),
      );
      answer.once('error', reject);
    });
    asked.once('error', reject).end(body);
  });
}

/** No text that anything takes holds one of these. */
const unstorable = ['\0', 'a\0b', '\ud800', 'a\udfffb'];

const values: readonly unknown[] = [
  ...unstorable,
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  2 ** 53 + 2,
  '',
  ' ',
  [],
  {},
  [[]],
  [null],
  { $ne: null },
  { toString: 1 },
  'a\r\nX-Injected: yes',
  'a\u2028b',
  '\u202egnp.exe',
  'א\u0301\u200d💥',
  '\x1b[31m',
  '\x7f',
  '\ufeff',
  '\uffff',
  '../../etc/passwd',
  '..%2f..%2f',
  '%00',
  '%0d%0aX-Injected:%20yes',
  "'; drop table users; --",
  '$(id)',
  '`id`',
  '-oProxyCommand=id',
  '__proto__',
  'constructor',
  'toString',
  'NaN',
  '1e999',
  '0x10',
  '00',
  'true',
  '0000-01-01T00:00:00Z',
  '-000001-01-01T00:00:00Z',
  '99999-12-31T23:59:59Z',
  '9999-12-31T23:59:59Z',
  '2026-02-30T00:00:00Z',
  'x'.repeat(100_000),
  '💥'.repeat(20_000),
];

const secrets: ReadonlySet<string> = new Set(['secretKey', 'password', 'newPassword', 'currentPassword']);

/** The example of a route's body, with secrets that are recognised wherever they come out. */
export function exampleOf(route: Route): unknown {
  const [example] = (route.body?.meta()?.['examples'] ?? []) as unknown[];
  return JSON.parse(JSON.stringify(example ?? {}), (key, value: unknown) => (secrets.has(key) ? canaries.secretKey : value));
}

/** The example with each of its fields, and each field of these, replaced. */
export function hostileBodies(path: string, example: unknown): Hostile[][] {
  return placesIn(example).map((place) =>
    values.map((value) => ({
      what: `${place.join('.')} = ${JSON.stringify(value).slice(0, 40)}`,
      path,
      body: JSON.stringify(replaced(example, place, value)),
      isInvalid: typeof value === 'string' && unstorable.includes(value),
    })),
  );
}

function placesIn(value: unknown): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...placesIn(inner).map((rest) => [key, ...rest])]);
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  const object = value as Record<string, unknown>;
  return { ...object, [key]: replaced(object[key], rest, by) };
}

/** Bodies that are wrong as a whole, or hold more than they should. */
export function hostileWholes(path: string, example: unknown): Hostile[] {
  const text = JSON.stringify(example);
  const more = (json: string): string => (text === '{}' ? `{${json}}` : text.replace(/}$/, `,${json}}`));
  const bodies: Record<string, string | Buffer> = {
    null: 'null',
    'a text': '"x"',
    'a number': '1',
    'a list': `[${text}]`,
    'half of it': text.slice(0, -1),
    'two of it': `${text}${text}`,
    'no JSON': "{'a': 1}",
    'not UTF-8': Buffer.concat([Buffer.from(more('"z":"')), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
    'deep nesting': more(`"z":${'['.repeat(50_000)}${']'.repeat(50_000)}`),
    'too much': more(`"z":"${'x'.repeat(300_000)}"`),
    'a prototype': more('"__proto__":{"isAdmin":true,"role":"admin"}'),
    'a constructor': more('"constructor":{"prototype":{"role":"admin"}}'),
    'a method': more('"hasOwnProperty":1,"toString":1'),
    'an unknown key twice': more('"z":1,"z":2'),
    'a number without end': more('"z":1e400'),
    'a key without end': more(`"${'k'.repeat(100_000)}":1`),
    'a key that nothing can hold': more('"\\u0000\\ud800":1'),
    'many keys': more(Array.from({ length: 10_000 }, (_, index) => `"k${index}":1`).join(',')),
  };
  return Object.entries(bodies).map(([what, body]) => ({ what, path, body }));
}

export function hostileHeaders(path: string, example: unknown): Hostile[] {
  const body = JSON.stringify(example);
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'json',
    '*/*',
    '',
  ];
  const charsets = ['latin1', 'utf-7', 'x-none', 'utf-16', 'utf-32be', '\\"'];
  return [
    ...types.map((type) => ({ what: `type ${type}`, path, body, headers: { 'content-type': type } })),
    ...charsets.map((charset) => ({ what: charset, path, body, headers: { 'content-type': `application/json; charset=${charset}` } })),
    ...['gzip', 'br', 'deflate', 'none-such'].map((encoding) => ({
      what: encoding,
      path,
      body,
      headers: { 'content-type': 'application/json', 'content-encoding': encoding },
    })),
  ];
}

/** Who asks is told by none of these. */
export function hostileCredentials(path: string): Hostile[] {
  const authorizations = ['Bearer', 'Bearer ', 'Bearer a b', 'Basic eDp5', `Bearer ${'x'.repeat(8_000)}`, 'Bearer \u00ff', 'Bearer ../..'];
  const cookies = ['tidemark_session=', 'tidemark_session=%00', 'tidemark_session="x"', '__proto__=1', 'tidemark_session=\u00ff; ;;==;'];
  return [
    ...authorizations.map((authorization) => ({ what: authorization.slice(0, 20), path, headers: { authorization } })),
    ...cookies.map((cookie) => ({ what: cookie, path, headers: { cookie } })),
  ];
}

const segments = [
  '..%2f..%2fetc%2fpasswd',
  '%2e%2e',
  '..',
  '.',
  '%00',
  '%0d%0aX-Injected:%20yes',
  '%ff',
  '%E0%A4%A',
  '%u0000',
  '%',
  '',
  'x;y=1',
  ';',
  '*',
  '%2f%2f',
  '%5c..%5c',
  '__proto__',
  'constructor',
  'null',
  'undefined',
  '-1',
  '0',
  '1e99',
  '%F0%9F%92%A5',
  '%ED%A0%80',
  '%E2%80%AE',
  "'%20or%201=1",
  '{id}',
  ':id',
  '3f0b7e9e-7a31-4c8b-9b43-0a7f3f1f5a11%00',
  'x'.repeat(8_000),
];

/** Each parameter of a path replaced. */
export function hostilePaths(route: Route, path: string): Hostile[] {
  const pattern = route.path.split('/');
  return pattern.flatMap((part, index) =>
    part.startsWith('{')
      ? segments.map((segment) => ({ what: segment.slice(0, 40), path: path.split('/').with(index, segment).join('/') }))
      : [],
  );
}

/** What a query can be made of: the parameters that the route knows, and some that none does. */
export function hostileQueries(path: string, names: readonly string[]): Hostile[] {
  const texts = values.filter((value) => typeof value === 'string' && value.length < 1_000 && !value.includes('\ud800'));
  const plain = [
    '%00',
    '%ff',
    '%',
    '%ED%A0%80',
    '%0d%0aX-Injected:%20yes',
    '1&limit=2',
    '99999999999999999999',
    '9007199254740993',
    '1e309',
  ];
  const encoded = texts.flatMap((text) => ((text as string).isWellFormed() ? [encodeURIComponent(text as string)] : []));
  const queries = names.flatMap((name) => [
    ...[...plain, ...encoded, 'x'.repeat(8_000)].map((value) => `${name}=${value}`),
    `${name}=1&${name}=2`,
    `${name}[]=1`,
    `${name}[x]=1`,
    `${name}[__proto__]=1`,
    name,
    `${name}==`,
  ]);
  const others = ['__proto__=1', '__proto__[limit]=1', 'constructor=1', 'toString=1', '=1', '&&&', '%00=1', '?', '[]', ';'];
  return [...queries, ...others].map((query) => ({ what: query.slice(0, 60), path: `${path}?${query}` }));
}
