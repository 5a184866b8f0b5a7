import type { CoapReply, CoapRequest } from './types.js';

const linkFormat = 40;

/** Whether a path is /.well-known/core. */
export function isWellKnownCore(path: readonly string[]): boolean {
  return path.length === 2 && path[0] === '.well-known' && path[1] === 'core';
}

/** Answers a request for /.well-known/core, with the links that match the query if it has one [RFC 6690 4.1]. */
export function wellKnownCore(links: readonly string[], request: CoapRequest): CoapReply {
  if (request.method !== 'GET') return { code: '4.05' };
  if (request.accept !== undefined && request.accept !== linkFormat) return { code: '4.06' };
  const [filter] = request.query;
  const chosen = filter === undefined ? links : links.filter((link) => matches(link, filter));
  return { code: '2.05', contentFormat: linkFormat, payload: Buffer.from(chosen.join(',')) };
}

function matches(link: string, filter: string): boolean {
  const equals = filter.indexOf('=');
  if (equals <= 0) return true;
  const name = filter.slice(0, equals);
  const wanted = filter.slice(equals + 1);
  const test = wanted.endsWith('*')
    ? (value: string) => value.startsWith(wanted.slice(0, -1))
    : (value: string) => value === wanted;
  return attributeValues(link, name).some(test);
}

/** The values of an attribute; those that are lists (rt, if, rel) separate theirs by blanks. */
function attributeValues(link: string, name: string): string[] {
  if (name === 'href') return [link.slice(1, link.indexOf('>'))];
  return link
    .slice(link.indexOf('>') + 1)
    .split(';')
    .filter((attribute) => attribute.startsWith(`${name}=`))
    .flatMap((attribute) =>
      attribute
        .slice(name.length + 1)
        .replaceAll('"', '')
        .split(' '),
    );
}
