/** Alert descriptions by name [RFC 5246 7.2]. */
export const alerts = {
  close_notify: 0,
  unexpected_message: 10,
  bad_record_mac: 20,
  record_overflow: 22,
  handshake_failure: 40,
  bad_certificate: 42,
  unsupported_certificate: 43,
  certificate_revoked: 44,
  certificate_expired: 45,
  certificate_unknown: 46,
  illegal_parameter: 47,
  unknown_ca: 48,
  access_denied: 49,
  decode_error: 50,
  decrypt_error: 51,
  protocol_version: 70,
  insufficient_security: 71,
  internal_error: 80,
  no_renegotiation: 100,
  unsupported_extension: 110,
  unknown_psk_identity: 115,
} as const;

/** The name of an alert we may send. */
export type AlertName = keyof typeof alerts;

/** An alert as it came. */
export interface Alert {
  readonly fatal: boolean;
  readonly description: number;
}

const names = new Map<number, string>(Object.entries(alerts).map(([name, code]) => [code, name]));

/** An alert's name, or its number when it has none here. */
export function alertName(description: number): string {
  return names.get(description) ?? `alert ${description}`;
}

/** The two bytes of an alert. close_notify and no_renegotiation are warnings, all others fatal. */
export function encodeAlert(name: AlertName): Buffer {
  const warning = name === 'close_notify' || name === 'no_renegotiation';
  return Buffer.from([warning ? 1 : 2, alerts[name]]);
}

/** Reads an alert; undefined when it is none. */
export function decodeAlert(body: Buffer): Alert | undefined {
  if (body.length !== 2) return undefined;
  const [level, description] = body as unknown as [number, number];
  return level === 1 || level === 2 ? { fatal: level === 2, description } : undefined;
}
