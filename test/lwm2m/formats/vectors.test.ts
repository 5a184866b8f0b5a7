import test from 'ava';
import { DecodeError } from '#src/core/errors.js';
import { decode, decodePaths, encode, encodePaths } from '#src/lwm2m/formats/codec.js';
import { testObjects } from '../../support/lwm2m-objects.js';
import { badLwm2mCbor, lwm2mCborVectors } from '../../vectors/lwm2m-cbor.js';
import { badJson, jsonVectors } from '../../vectors/lwm2m-json.js';
import { badPlain, plainVectors } from '../../vectors/lwm2m-plain.js';
import { badSenmlJson, NOW, pathLists, senmlCborVectors, senmlJsonVectors } from '../../vectors/lwm2m-senml.js';
import { badTlv, tlvVectors } from '../../vectors/lwm2m-tlv.js';
import { hex } from '../../vectors/lwm2m-vector.js';

const options = { nowSeconds: NOW };

const vectors = [
  ...tlvVectors,
  ...senmlCborVectors,
  ...senmlJsonVectors,
  ...jsonVectors,
  ...lwm2mCborVectors,
  ...plainVectors,
];

const bad = [
  ...badTlv.map(({ request, hex: text }) => ({ format: 11542, request, payload: hex(text) })),
  ...badSenmlJson.map((text) => ({ format: 110, request: [3, 0], payload: Buffer.from(text) })),
  ...badJson.map((text) => ({ format: 11543, request: [3, 0], payload: Buffer.from(text) })),
  ...badLwm2mCbor.map((text) => ({ format: 11544, request: [3, 0], payload: hex(text) })),
  ...badPlain,
];

for (const [index, vector] of vectors.entries()) {
  test(`${vector.format} ${index}: ${vector.name}`, (t) => {
    t.deepEqual(decode(vector.format, vector.payload, vector.request, testObjects, options), [...vector.entries]);
    if (vector.canonical) t.deepEqual(encode(vector.format, vector.request, vector.entries), vector.payload);
  });
}

for (const [index, { format, request, payload }] of bad.entries()) {
  test(`${format} refused ${index}: /${request.join('/')} ${payload.subarray(0, 24).toString('latin1')}`, (t) => {
    const result = decode(format, payload, request, testObjects, options);
    t.true(result instanceof DecodeError, JSON.stringify(result));
  });
}

for (const { format, payload, paths } of pathLists) {
  test(`${format}: a list of paths`, (t) => {
    t.deepEqual(
      decodePaths(format, payload),
      paths.map((path) => [...path]),
    );
    t.deepEqual(encodePaths(format, paths), payload);
  });
}
