/** CoAP Content-Format numbers that carry LwM2M data [IANA CoAP Content-Formats]. */
export const ContentFormat = {
  TEXT: 0,
  LINK: 40,
  OPAQUE: 42,
  CBOR: 60,
  SENML_JSON: 110,
  SENML_CBOR: 112,
  SENML_ETCH_JSON: 320,
  SENML_ETCH_CBOR: 322,
  TLV: 11542,
  JSON: 11543,
  LWM2M_CBOR: 11544,
} as const;

/** Numbers that drafts of LwM2M 1.0 used before registration, and what they mean today. */
const legacy: ReadonlyMap<number, number> = new Map([
  [1541, ContentFormat.TEXT],
  [1542, ContentFormat.TLV],
  [1543, ContentFormat.JSON],
  [1544, ContentFormat.OPAQUE],
]);

const names: ReadonlyMap<number, string> = new Map([
  [ContentFormat.TEXT, 'text/plain'],
  [ContentFormat.LINK, 'application/link-format'],
  [ContentFormat.OPAQUE, 'application/octet-stream'],
  [ContentFormat.CBOR, 'application/cbor'],
  [ContentFormat.SENML_JSON, 'application/senml+json'],
  [ContentFormat.SENML_CBOR, 'application/senml+cbor'],
  [ContentFormat.SENML_ETCH_JSON, 'application/senml-etch+json'],
  [ContentFormat.SENML_ETCH_CBOR, 'application/senml-etch+cbor'],
  [ContentFormat.TLV, 'application/vnd.oma.lwm2m+tlv'],
  [ContentFormat.JSON, 'application/vnd.oma.lwm2m+json'],
  [ContentFormat.LWM2M_CBOR, 'application/vnd.oma.lwm2m+cbor'],
]);

/** The registered number of a format, for 1541 to 1544 the one that replaced it; other numbers as they are. */
export function canonicalFormat(contentFormat: number): number {
  return legacy.get(contentFormat) ?? contentFormat;
}

/** The media type of a format for people to read, or its number when it is none of ours. */
export function formatName(contentFormat: number): string {
  return names.get(canonicalFormat(contentFormat)) ?? String(contentFormat);
}
