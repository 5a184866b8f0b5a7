import test from 'ava';
import type { CoapResponse, OutgoingRequest } from '#src/coap/types.js';
import type { Command } from '#src/lwm2m/command.js';
import { withFormat } from '#src/lwm2m/content-choice.js';
import { type DeviceView, planRequest, readResponse } from '#src/lwm2m/operations.js';
import type { Lwm2mVersion } from '#src/lwm2m/registration.js';
import { objects, shipped } from './support/definitions.js';

function device(version: Lwm2mVersion, more: Partial<DeviceView> = {}): DeviceView {
  return {
    version,
    contentFormats: [],
    refusedReads: 0,
    refusedWrites: 0,
    alternatePath: [],
    objects: shipped.lookup(new Map(), version),
    ...more,
  };
}

function request(command: Command, view: DeviceView): OutgoingRequest {
  const plan = planRequest(command, view);
  if (plan.kind === 'failed') throw new Error(plan.reason ?? plan.failure);
  return plan.request;
}

const read: Command = { kind: 'read', path: [3, 0] };
const writeOne: Command = {
  kind: 'write',
  path: [3, 0, 14],
  mode: 'replace',
  drafts: [{ path: [3, 0, 14], value: '+02' }],
};
const writeBytes: Command = {
  kind: 'write',
  path: [5, 0, 0],
  mode: 'replace',
  drafts: [{ path: [5, 0, 0], value: 'AQI=' }],
};
const writeMany: Command = {
  kind: 'write',
  path: [1, 0],
  mode: 'update',
  drafts: [
    { path: [1, 0, 1], value: 60 },
    { path: [1, 0, 6], value: true },
  ],
};

test('the format to read is what the device announced, else what its version implies', (t) => {
  const accept = (view: DeviceView): number | undefined => request(read, view).accept;
  t.is(accept(device('1.0')), 11542);
  t.is(accept(device('1.0', { contentFormats: [11543] })), 11543);
  t.is(accept(device('1.0', { contentFormats: [1543] })), 11543);
  t.is(accept(device('1.0', { contentFormats: [110] })), 110);
  t.is(accept(device('1.1')), 112);
  t.is(accept(device('1.1', { contentFormats: [110] })), 110);
  t.is(accept(device('1.1', { contentFormats: [60, 110, 11542] })), 110);
  t.is(accept(device('1.2')), 112);
  t.is(accept(device('1.2', { contentFormats: [11544, 11542] })), 11544);
  t.is(accept(device('1.1', { contentFormats: [9999] })), 112);
});

test('a format that was refused is not asked for again, and in the end none is', (t) => {
  const asked: (number | undefined)[] = [];
  let view = device('1.1');
  for (let i = 0; i < 5; i += 1) {
    const sent = request(read, view);
    asked.push(sent.accept);
    const code = i % 2 === 0 ? '4.06' : '4.02';
    const reading = readResponse(read, sent, { code, payload: Buffer.alloc(0) }, view, 0);
    if (reading.kind !== 'refused-format') {
      t.deepEqual(reading, { kind: 'done', code });
      break;
    }
    t.is(reading.direction, 'read');
    view = { ...view, refusedReads: withFormat(view.refusedReads, reading.format) };
  }
  t.deepEqual(asked, [112, 110, 11542, 11543, undefined]);
});

test('the format to write', (t) => {
  const written = (command: Command, view: DeviceView): [number | undefined, string | undefined] => {
    const { contentFormat, payload } = request(command, view);
    return [contentFormat, payload?.toString('hex')];
  };
  t.deepEqual(written(writeOne, device('1.0')), [11542, 'c30e2b3032']);
  t.deepEqual(written(writeOne, device('1.1')), [0, '2b3032']);
  t.deepEqual(written(writeBytes, device('1.0')), [11542, 'c2000102']);
  t.deepEqual(written(writeBytes, device('1.1')), [42, '0102']);
  t.deepEqual(written(writeMany, device('1.0')), [11542, 'c1013cc10601']);
  t.is(written(writeMany, device('1.1'))[0], 112);
  t.is(written(writeMany, device('1.1', { contentFormats: [11542] }))[0], 11542);
});

test('a format refused for writing is left out, until none is left', (t) => {
  let view = device('1.1', { contentFormats: [11542] });
  const tried: (number | undefined)[] = [];
  for (;;) {
    const plan = planRequest(writeOne, view);
    if (plan.kind === 'failed') {
      t.deepEqual(plan, {
        kind: 'failed',
        failure: 'bad_value',
        reason: 'the device has refused every content format',
      });
      break;
    }
    tried.push(plan.request.contentFormat);
    const reading = readResponse(writeOne, plan.request, { code: '4.15', payload: Buffer.alloc(0) }, view, 0);
    t.is(reading.kind, 'refused-format');
    if (reading.kind === 'refused-format')
      view = { ...view, refusedWrites: withFormat(view.refusedWrites, reading.format) };
  }
  t.deepEqual(tried, [0, 11542, 112, 110, 11543]);
});

test('paths of the wrong length are refused before anything is sent', (t) => {
  const wrong: Command[] = [
    { kind: 'read', path: [] },
    { kind: 'execute', path: [3, 0], args: '' },
    { kind: 'delete', path: [3] },
    { kind: 'discover', path: [3, 0, 1, 0] },
    { kind: 'create', path: [3, 0], drafts: [] },
  ];
  for (const command of wrong) {
    const plan = planRequest(command, device('1.0'));
    t.is(plan.kind === 'failed' && plan.failure, 'bad_value', command.kind);
  }
});

test('values take the type of their definition', (t) => {
  const payload = (path: number[], value: string | number | bigint | boolean, type?: 'Integer' | 'String'): string => {
    const command: Command = {
      kind: 'write',
      path,
      mode: 'replace',
      drafts: [{ path, value, ...(type ? { type } : {}) }],
    };
    const plan = planRequest(command, device('1.0', { objects }));
    return plan.kind === 'failed' ? plan.failure : (plan.request.payload?.toString('hex') ?? '');
  };
  t.is(payload([1, 0, 6], 'true'), 'c10601');
  t.is(payload([1, 0, 6], '0'), 'c10600');
  t.is(payload([1, 0, 6], 1), 'c10601');
  t.is(payload([1, 0, 1], '86400'), 'c40100015180');
  t.is(payload([1, 0, 1], -129), 'c201ff7f');
  t.is(payload([1, 0, 1], '9007199254740993'), 'c801080020000000000001');
  t.is(payload([1, 0, 1], 1.5), 'bad_value');
  t.is(payload([1, 0, 1], 2n ** 63n), 'bad_value');
  t.is(payload([1, 0, 7], 5), 'c10735');
  t.is(payload([1, 0, 4096], '200', 'Integer'), 'e2100000c8');
  t.is(payload([1, 0, 4096], 'x'), 'no_definition');
  t.is(payload([31024, 0, 1], 'x', 'String'), 'c10178');
});

test('responses without a content format', (t) => {
  const response: CoapResponse = { code: '2.05', payload: Buffer.from('EMQ') };
  const value = readResponse({ kind: 'read', path: [3, 0, 0] }, { method: 'GET' }, response, device('1.0'), 0);
  t.true(value.kind === 'content' && value.entries[0]?.value === 'EMQ');
  const tlv: CoapResponse = { code: '2.05', payload: Buffer.from('c300454d51', 'hex') };
  const instance = readResponse(read, { method: 'GET' }, tlv, device('1.0'), 0);
  t.true(instance.kind === 'content' && instance.entries[0]?.value === 'EMQ');
});

test('the place of a new instance is told without the root', (t) => {
  const create: Command = { kind: 'create', path: [5], drafts: [] };
  const view = device('1.0', { alternatePath: ['lwm2m'] });
  const at = (location: string[]) =>
    readResponse(create, { method: 'POST' }, { code: '2.01', location, payload: Buffer.alloc(0) }, view, 0);
  t.deepEqual(at(['lwm2m', '5', '3']), { kind: 'done', code: '2.01', location: '/5/3' });
  t.deepEqual(at(['5', '3']), { kind: 'done', code: '2.01', location: '/5/3' });
  t.deepEqual(at([]), { kind: 'done', code: '2.01' });
});
