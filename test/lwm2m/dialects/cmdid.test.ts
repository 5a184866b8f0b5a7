import test from 'ava';
import type { CoapResponse } from '#src/coap/types.js';
import { text, tlv, World } from '../support/world.js';

type Answer = Partial<CoapResponse> & Pick<CoapResponse, 'code'>;

interface Vector {
  readonly title: string;
  readonly command: string;
  /** Method, path with query, and what follows: content format and payload in hex, or accept. */
  readonly request: string;
  readonly response: Answer;
  readonly answer: string;
}

const links = '</3/0>,</3/0/0>,</3/0/1>,</3/0/16>,</3/0/4>';

// The exchanges that are known of the CmdID era, byte for byte.
const vectors: readonly Vector[] = [
  {
    title: 'Read of a resource, as TLV',
    command: '{"CmdID":206,"Command":"Read","BaseName":"/3/0/0"}',
    request: 'GET /3/0/0 accept 11542',
    response: { code: '2.05', ...tlv('C3 00 454D51') },
    answer: '{"CmdID":206,"Command":"Read","Result":{"bn":"/3/0/0","e":[{"sv":"EMQ"}]}}',
  },
  {
    title: 'Read of a resource, as text',
    command: '{"CmdID":206,"Command":"Read","BaseName":"/3/0/0"}',
    request: 'GET /3/0/0 accept 11542',
    response: { code: '2.05', ...text('EMQ') },
    answer: '{"CmdID":206,"Command":"Read","Result":{"bn":"/3/0/0","e":[{"sv":"EMQ"}]}}',
  },
  {
    title: 'Read of an instance',
    command: '{"CmdID":6,"Command":"Read","BaseName":"/3/0"}',
    request: 'GET /3/0 accept 11542',
    response: {
      code: '2.05',
      ...tlv(
        'C800144F70656E204D6F62696C6520416C6C69616E6365 C801164C69676874776569676874204D324D20436C69656E74 C11055',
      ),
    },
    answer:
      '{"CmdID":6,"Command":"Read","Result":{"bn":"/3/0","e":[{"n":"0","sv":"Open Mobile Alliance"},' +
      '{"n":"1","sv":"Lightweight M2M Client"},{"n":"16","sv":"U"}]}}',
  },
  {
    title: 'Read of an instance with a multiple resource',
    command: '{"CmdID":7,"Command":"Read","BaseName":"/3/0"}',
    request: 'GET /3/0 accept 11542',
    response: { code: '2.05', ...tlv('86 06 410001 410105') },
    answer: '{"CmdID":7,"Command":"Read","Result":{"bn":"/3/0","e":[{"n":"6/0","v":1},{"n":"6/1","v":5}]}}',
  },
  {
    title: 'Read of an object with several instances',
    command: '{"CmdID":8,"Command":"Read","BaseName":"/2"}',
    request: 'GET /2 accept 11542',
    response: {
      code: '2.05',
      ...tlv('08000EC10001C101008302417F07C1037F 080212C10003C101008702417F0761013601C1037F'),
    },
    answer:
      '{"CmdID":8,"Command":"Read","Result":{"bn":"/2","e":[{"n":"0/0","v":1},{"n":"0/1","v":0},{"n":"0/2/127","v":7},' +
      '{"n":"0/3","v":127},{"n":"2/0","v":3},{"n":"2/1","v":0},{"n":"2/2/127","v":7},{"n":"2/2/310","v":1},' +
      '{"n":"2/3","v":127}]}}',
  },
  {
    title: 'Read of an object with one instance',
    command: '{"CmdID":8,"Command":"Read","BaseName":"/1"}',
    request: 'GET /1 accept 11542',
    response: { code: '2.05', ...tlv('08000FC10001C40100015180C10601C10755') },
    answer:
      '{"CmdID":8,"Command":"Read","Result":{"bn":"/1/0","e":[{"n":"0","v":1},{"n":"1","v":86400},{"bv":true,"n":"6"},' +
      '{"n":"7","sv":"U"}]}}',
  },
  {
    title: 'Read of an instance with one value',
    command: '{"CmdID":8,"Command":"Read","BaseName":"/1/0"}',
    request: 'GET /1/0 accept 11542',
    response: { code: '2.05', ...tlv('C10755') },
    answer: '{"CmdID":8,"Command":"Read","Result":{"bn":"/1/0/7","e":[{"sv":"U"}]}}',
  },
  {
    title: 'Read of a multiple resource',
    command: '{"CmdID":7,"Command":"Read","BaseName":"/3/0/6"}',
    request: 'GET /3/0/6 accept 11542',
    response: { code: '2.05', ...tlv('86 06 410001 410105') },
    answer: '{"CmdID":7,"Command":"Read","Result":{"bn":"/3/0","e":[{"n":"6/0","v":1},{"n":"6/1","v":5}]}}',
  },
  {
    title: 'Read of nothing',
    command: '{"CmdID":7,"Command":"Read","BaseName":"/2"}',
    request: 'GET /2 accept 11542',
    response: { code: '2.05', ...tlv('') },
    answer: '{"CmdID":7,"Command":"Read","Result":{"bn":"/2","e":[]}}',
  },
  {
    title: 'Read of bytes',
    command: '{"CmdID":9,"Command":"Read","BaseName":"/3/0/8"}',
    request: 'GET /3/0/8 accept 11542',
    response: { code: '2.05', contentFormat: 42, payload: Buffer.from('14151617', 'hex') },
    answer: '{"CmdID":9,"Command":"Read","Result":{"bn":"/3/0/8","e":[{"sv":"FBUWFw=="}]}}',
  },
  {
    title: 'Write of a resource',
    command: '{"CmdID":307,"Command":"Write","Value":{"bn":"/3/0/13","e":[{"v":12345}]}}',
    request: 'PUT /3/0/13 11542 c20d3039',
    response: { code: '2.04' },
    answer: '{"CmdID":307,"Command":"Write","Result":"Changed"}',
  },
  {
    title: 'Write of several resources',
    command: '{"CmdID":307,"Command":"Write","Value":{"bn":"/3/0","e":[{"n":"13","v":12345},{"n":"14","sv":"87x"}]}}',
    request: 'POST /3/0 11542 c20d3039c30e383778',
    response: { code: '2.04' },
    answer: '{"CmdID":307,"Command":"Write","Result":"Changed"}',
  },
  {
    title: 'Write of a truth as the era wrote it, and of a time',
    command: '{"CmdID":307,"Command":"Write","Value":{"bn":"/1/0","e":[{"n":"6","bv":"true"},{"n":"1","t":60}]}}',
    request: 'POST /1/0 11542 c10601c1013c',
    response: { code: '2.04' },
    answer: '{"CmdID":307,"Command":"Write","Result":"Changed"}',
  },
  {
    title: 'Execute with arguments',
    command: '{"CmdID":307,"Command":"Execute","BaseName":"/3/0/4","Arguments":"2,7"}',
    request: 'POST /3/0/4 0 322c37',
    response: { code: '2.04' },
    answer: '{"CmdID":307,"Command":"Execute","Result":"Changed"}',
  },
  {
    title: 'Execute without arguments',
    command: '{"CmdID":307,"Command":"Execute","BaseName":"/3/0/4","Arguments":""}',
    request: 'POST /3/0/4',
    response: { code: '2.04' },
    answer: '{"CmdID":307,"Command":"Execute","Result":"Changed"}',
  },
  {
    title: 'Discover',
    command: '{"CmdID":5,"Command":"Discover","BaseName":"/3/0"}',
    request: 'GET /3/0 accept 40',
    response: { code: '2.05', contentFormat: 40, payload: Buffer.from(links) },
    answer: `{"CmdID":5,"Command":"Discover","Result":"${links}"}`,
  },
  {
    title: 'Write-Attributes',
    command: '{"CmdID":307,"Command":"Write-Attributes","BaseName":"/3/0/10","Value":"pmax=5&lt=1024"}',
    request: 'PUT /3/0/10?pmax=5&lt=1024',
    response: { code: '2.04' },
    answer: '{"CmdID":307,"Command":"Write-Attributes","Result":"Changed"}',
  },
  {
    title: 'Observe',
    command: '{"CmdID":307,"Command":"Observe","BaseName":"/3/0/10"}',
    request: 'GET /3/0/10 accept 11542 observe 0',
    response: { code: '2.05', observe: 1, ...tlv('C20A0800') },
    answer: '{"CmdID":307,"Command":"Observe","Result":{"bn":"/3/0/10","e":[{"v":2048}]}}',
  },
  {
    title: 'a number and a time',
    command: '{"CmdID":1,"Command":"Read","BaseName":"/6/0"}',
    request: 'GET /6/0 accept 11542',
    response: { code: '2.05', ...tlv('C400 41450000 C405 5182428F') },
    answer: '{"CmdID":1,"Command":"Read","Result":{"bn":"/6/0","e":[{"n":"0","v":12.3125},{"n":"5","v":1367491215}]}}',
  },
  {
    title: 'an error of the device',
    command: '{"CmdID":2,"Command":"Read","BaseName":"/3/0/99"}',
    request: 'GET /3/0/99 accept 11542',
    response: { code: '4.04' },
    answer: '{"CmdID":2,"Command":"Read","Error":"Not Found"}',
  },
  {
    title: 'an object without a definition',
    command: '{"CmdID":3,"Command":"Read","BaseName":"/31024/11/1"}',
    request: 'GET /31024/11/1 accept 11542',
    response: { code: '2.05', ...tlv('C1 01 14') },
    answer: '{"CmdID":3,"Command":"Read","Error":"No XML Definition"}',
  },
  {
    title: 'an integer beyond 2^53, both ways',
    command: '{"CmdID":9007199254740993,"Command":"Write","Value":{"bn":"/3/0/13","e":[{"v":9223372036854775807}]}}',
    request: 'PUT /3/0/13 11542 c80d087fffffffffffffff',
    response: { code: '2.04' },
    answer: '{"CmdID":9007199254740993,"Command":"Write","Result":"Changed"}',
  },
  {
    title: 'Delete',
    command: '{"CmdID":4,"Command":"Delete","BaseName":"/5/1"}',
    request: 'DELETE /5/1',
    response: { code: '2.02' },
    answer: '{"CmdID":4,"Command":"Delete","Result":"Deleted"}',
  },
  {
    title: 'Create',
    command: '{"CmdID":4,"Command":"Create","Value":{"bn":"/5/7","e":[{"n":"1","sv":"x"}]}}',
    request: 'POST /5 11542 0307c10178',
    response: { code: '2.01', location: ['5', '7'] },
    answer: '{"CmdID":4,"Command":"Create","Result":"Created"}',
  },
];

for (const { title, command, request, response, answer } of vectors) {
  for (const [topic, answerTopic] of [
    ['lwm2m/ep/command', 'lwm2m/ep/response'],
    ['lwm2m/ep/dn/dm', 'lwm2m/ep/up/resp'],
  ] as const) {
    test(`${title}, on ${topic}`, async (t) => {
      const world = await World.start();
      await world.registered('ep');
      await world.command(topic, command);
      t.is(world.request(), request);
      await world.answer(response);
      t.deepEqual(world.published(), [[answerTopic, answer]]);
    });
  }
}

test('every CoAP error has its words', async (t) => {
  const words = {
    '4.00': 'Bad Request',
    '4.01': 'Unauthorized',
    '4.03': 'Forbidden',
    '4.05': 'Method Not Allowed',
    '4.13': 'Request Entity Too Large',
    '5.00': 'Internal Server Error',
    '5.03': 'Service Unavailable',
    '4.27': '4.27',
  } as const;
  const world = await World.start();
  await world.registered('ep');
  for (const [code, title] of Object.entries(words)) {
    await world.command('lwm2m/ep/command', '{"CmdID":1,"Command":"Execute","BaseName":"/3/0/4"}');
    await world.answer({ code: code as CoapResponse['code'] });
    t.deepEqual(world.published(), [['lwm2m/ep/response', `{"CmdID":1,"Command":"Execute","Error":"${title}"}`]]);
  }
});

test('what cannot be understood is answered, and nothing is sent', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const cases: [string, string][] = [
    ['{"CmdID":1,"Command":"Reed","BaseName":"/3"}', '{"CmdID":1,"Command":"Reed","Error":"Unknown Command"}'],
    ['{"CmdID":1,"Command":7}', '{"CmdID":1,"Command":7,"Error":"Unknown Command"}'],
    ['{"CmdID":1,"Command":"constructor"}', '{"CmdID":1,"Command":"constructor","Error":"Unknown Command"}'],
    [
      '{"Command":"Read","BaseName":"/3"}',
      '{"Command":"Read","Error":"Bad Command","Reason":"CmdID: a number is missing"}',
    ],
    [
      '{"CmdID":1,"Command":"Read","BaseName":"/3/x"}',
      '{"CmdID":1,"Command":"Read","Error":"Bad Command","Reason":"BaseName: not a path"}',
    ],
    [
      '{"CmdID":1,"Command":"Read","BaseName":"/"}',
      '{"CmdID":1,"Command":"Read","Error":"Bad Value","Reason":"/ is no path for this"}',
    ],
    [
      '{"CmdID":1,"Command":"Write","Value":{"bn":"/3/0/13","e":[{"sv":"twelve"}]}}',
      '{"CmdID":1,"Command":"Write","Error":"Bad Value","Reason":"/3/0/13 is of type Time"}',
    ],
    [
      '{"CmdID":1,"Command":"Write","Value":{"bn":"/31024/0/1","e":[{"v":1}]}}',
      '{"CmdID":1,"Command":"Write","Error":"No XML Definition","Reason":"/31024/0/1"}',
    ],
  ];
  for (const [command, answer] of cases) {
    await world.command('lwm2m/ep/command', command);
    t.deepEqual(world.published(), [['lwm2m/ep/response', answer]]);
  }
  for (const garbage of ['', 'nonsense', '{"CmdID":1', '[]', '17', 'null', '{}', '\u0000']) {
    await world.command('lwm2m/ep/command', garbage);
    const [[topic, answer] = []] = world.published();
    t.is(topic, 'lwm2m/ep/response');
    t.true(answer?.startsWith('{"Error":"Bad JSON","Reason":"'), answer);
  }
  t.is(world.coap.sent.length, 0);
});
