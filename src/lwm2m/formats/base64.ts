const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** Reads base64 of either alphabet, padded or not; undefined when it is neither. */
export function parseBase64(text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  // One left-over character holds 6 bits: no byte.
  return (text.length - padding) % 4 === 1 ? undefined : Buffer.from(text, 'base64');
}
