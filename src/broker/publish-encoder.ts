const publish = 0x30;

/** The bytes of a PUBLISH with QoS 0 [MQTT-3.3]. The topic must not be longer than 65,535 bytes. */
export function encodePublish(topic: string, payload: Buffer, retain: boolean): Buffer {
  const topicLength = Buffer.byteLength(topic);
  let length = 2 + topicLength + payload.length;
  const bytes = Buffer.allocUnsafe(1 + lengthOfLength(length) + length);
  let at = 0;
  bytes[at++] = retain ? publish | 1 : publish;
  for (; length >= 0x80; length >>= 7) bytes[at++] = (length & 0x7f) | 0x80;
  bytes[at++] = length;
  bytes[at++] = topicLength >> 8;
  bytes[at++] = topicLength;
  // Latin-1 is the quickest to write, and the same for a text that has as many bytes as characters.
  bytes.write(topic, at, topicLength === topic.length ? 'latin1' : 'utf8');
  bytes.set(payload, at + topicLength);
  return bytes;
}

function lengthOfLength(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  return length < 0x200000 ? 3 : 4;
}
