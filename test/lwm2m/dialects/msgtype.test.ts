import test from 'ava';
import type { CoapResponse } from '#src/coap/types.js';
import { text, tlv, World } from '../support/world.js';

type Answer = Partial<CoapResponse> & Pick<CoapResponse, 'code'>;

interface Vector {
  readonly title: string;
  readonly command: string;
  readonly request: string;
  readonly response: Answer;
  readonly answer: string;
}

const attributes = '</3/0/7>;dim=8;pmin=10;pmax=60;gt=50;lt=42.2, </3/0/8>;title="a,b"';

const vectors: readonly Vector[] = [
  {
    title: 'read',
    command: '{"reqID":1,"msgType":"read","data":{"path":"/3/0/0"}}',
    request: 'GET /3/0/0 accept 11542',
    response: { code: '2.05', ...text('EMQ') },
    answer:
      '{"reqID":1,"msgType":"read","data":{"reqPath":"/3/0/0","code":"2.05","codeMsg":"content","content":[{"path":"/3/0/0","value":"EMQ"}]}}',
  },
  {
    title: 'discover, commas in quotes kept',
    command: '{"reqID":2,"msgType":"discover","data":{"path":"/3/0/7"}}',
    request: 'GET /3/0/7 accept 40',
    response: { code: '2.05', contentFormat: 40, payload: Buffer.from(attributes) },
    answer:
      '{"reqID":2,"msgType":"discover","data":{"reqPath":"/3/0/7","code":"2.05","codeMsg":"content","content":["</3/0/7>;dim=8;pmin=10;pmax=60;gt=50;lt=42.2","</3/0/8>;title=\\"a,b\\""]}}',
  },
  {
    title: 'discover with a depth in its path',
    command: '{"reqID":2,"msgType":"discover","data":{"path":"/3?depth=2"}}',
    request: 'GET /3?depth=2 accept 40',
    response: { code: '2.05', contentFormat: 40, payload: Buffer.from('</3/0>') },
    answer:
      '{"reqID":2,"msgType":"discover","data":{"reqPath":"/3?depth=2","code":"2.05","codeMsg":"content","content":["</3/0>"]}}',
  },
  {
    title: 'write of one value',
    command: '{"reqID":3,"msgType":"write","data":{"path":"/3/0/13","type":"Integer","value":"12345"}}',
    request: 'PUT /3/0/13 11542 c20d3039',
    response: { code: '2.04' },
    answer: '{"reqID":3,"msgType":"write","data":{"reqPath":"/3/0/13","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'write of several values',
    command:
      '{"reqID":3,"msgType":"write","data":{"basePath":"/3/0/","content":[{"path":"13","type":"Integer","value":"12345"},{"path":"14","type":"String","value":"87x"}]}}',
    request: 'POST /3/0 11542 c20d3039c30e383778',
    response: { code: '2.04' },
    answer: '{"reqID":3,"msgType":"write","data":{"reqPath":"/3/0/","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'write with a base without a slash, as numbers',
    command:
      '{"reqID":3,"msgType":"write","data":{"basePath":"3/0/","content":[{"path":13,"type":"Integer","value":12345}]}}',
    request: 'POST /3/0 11542 c20d3039',
    response: { code: '2.04' },
    answer: '{"reqID":3,"msgType":"write","data":{"reqPath":"3/0/","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'write below the root is the write of its one value',
    command: '{"reqID":3,"msgType":"write","data":{"basePath":"/","content":[{"path":"3/0/13","value":12345}]}}',
    request: 'PUT /3/0/13 11542 c20d3039',
    response: { code: '2.04' },
    answer: '{"reqID":3,"msgType":"write","data":{"reqPath":"/","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'write that replaces an instance',
    command:
      '{"reqID":3,"msgType":"write","data":{"basePath":"/3/0","mode":"replace","content":[{"path":"14","value":"x"}]}}',
    request: 'PUT /3/0 11542 c10e78',
    response: { code: '2.04' },
    answer: '{"reqID":3,"msgType":"write","data":{"reqPath":"/3/0","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'write of a truth and of a resource without a definition',
    command:
      '{"msgType":"write","data":{"basePath":"/1/0","content":[{"path":"6","type":"Boolean","value":"true"},{"path":"999","type":"Opaque","value":"AQI="}]}}',
    request: 'POST /1/0 11542 c10601e203e70102',
    response: { code: '4.05' },
    answer: '{"msgType":"write","data":{"reqPath":"/1/0","code":"4.05","codeMsg":"method_not_allowed"}}',
  },
  {
    title: 'write in hexadecimal',
    command:
      '{"reqID":3,"encoding":"hex","msgType":"write","data":{"path":"/3/0/14","type":"String","value":"383778"}}',
    request: 'PUT /3/0/14 11542 c30e383778',
    response: { code: '2.04' },
    answer:
      '{"reqID":3,"encoding":"hex","msgType":"write","data":{"reqPath":"/3/0/14","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'write-attr leaves out nulls and removes by an empty text',
    command:
      '{"reqID":4,"msgType":"write-attr","data":{"path":"/3/0/9","pmin":"1","pmax":5,"lt":"5","gt":null,"st":""}}',
    request: 'PUT /3/0/9?pmin=1&pmax=5&lt=5&st',
    response: { code: '2.04' },
    answer: '{"reqID":4,"msgType":"write-attr","data":{"reqPath":"/3/0/9","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'execute with arguments',
    command: '{"reqID":5,"msgType":"execute","data":{"path":"/3/0/4","args":"2,7"}}',
    request: 'POST /3/0/4 0 322c37',
    response: { code: '2.04' },
    answer: '{"reqID":5,"msgType":"execute","data":{"reqPath":"/3/0/4","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'execute without arguments, as old clients say it',
    command: '{"reqID":5,"msgType":"execute","data":{"path":"/3/0/4","args":"undefined"}}',
    request: 'POST /3/0/4',
    response: { code: '2.04' },
    answer: '{"reqID":5,"msgType":"execute","data":{"reqPath":"/3/0/4","code":"2.04","codeMsg":"changed"}}',
  },
  {
    title: 'create, with the new instance',
    command:
      '{"reqID":6,"msgType":"create","data":{"basePath":"/5","content":[{"path":"/0/1","type":"String","value":"x"}]}}',
    request: 'POST /5 11542 0300c10178',
    response: { code: '2.01', location: ['5', '0'] },
    answer:
      '{"reqID":6,"msgType":"create","data":{"reqPath":"/5","code":"2.01","codeMsg":"created","location":"/5/0"}}',
  },
  {
    title: 'create, the device picks the instance',
    command: '{"reqID":6,"msgType":"create","data":{"basePath":"/5","content":[{"path":"1","value":"x"}]}}',
    request: 'POST /5 11542 c10178',
    response: { code: '2.01' },
    answer: '{"reqID":6,"msgType":"create","data":{"reqPath":"/5","code":"2.01","codeMsg":"created"}}',
  },
  {
    title: 'delete',
    command: '{"reqID":7,"msgType":"delete","data":{"path":"/5/0"}}',
    request: 'DELETE /5/0',
    response: { code: '2.02' },
    answer: '{"reqID":7,"msgType":"delete","data":{"reqPath":"/5/0","code":"2.02","codeMsg":"deleted"}}',
  },
  {
    title: 'observe',
    command: '{"reqID":8,"msgType":"observe","data":{"path":"/3/0/10"}}',
    request: 'GET /3/0/10 accept 11542 observe 0',
    response: { code: '2.05', observe: 2, ...text('2048') },
    answer:
      '{"reqID":8,"msgType":"observe","data":{"reqPath":"/3/0/10","code":"2.05","codeMsg":"content","content":[{"path":"/3/0/10","value":2048}]}}',
  },
  {
    title: 'everything an application adds comes back as it was, in its place',
    command:
      '{"requestID":"9","cacheID":"1","imei":866545043231123456,"msgType":"read","mheaders":{"a":[1,null]},"data":{"path":"/3/0/0"},"x":true}',
    request: 'GET /3/0/0 accept 11542',
    response: { code: '4.04' },
    answer:
      '{"requestID":"9","cacheID":"1","imei":866545043231123456,"msgType":"read","mheaders":{"a":[1,null]},"data":{"reqPath":"/3/0/0","code":"4.04","codeMsg":"not_found"},"x":true}',
  },
  {
    title: 'values without a definition get through with a mark',
    command: '{"reqID":1,"msgType":"read","data":{"path":"/31024/11"}}',
    request: 'GET /31024/11 accept 11542',
    response: { code: '2.05', ...tlv('C10114 C1 02 41') },
    answer:
      '{"reqID":1,"msgType":"read","data":{"reqPath":"/31024/11","code":"2.05","codeMsg":"no_object_definition","content":[{"path":"/31024/11/1","value":"FA=="},{"path":"/31024/11/2","value":"QQ=="}]}}',
  },
  {
    title: 'an answer that cannot be read',
    command: '{"reqID":1,"msgType":"read","data":{"path":"/3/0"}}',
    request: 'GET /3/0 accept 11542',
    response: { code: '2.05', ...tlv('C103') },
    answer:
      '{"reqID":1,"msgType":"read","data":{"reqPath":"/3/0","code":"6.07","codeMsg":"bad_answer","reason":"1 bytes wanted, 0 left"}}',
  },
  {
    title: 'an answer in a format that has no decoder gets through with another mark',
    command: '{"reqID":1,"msgType":"read","data":{"path":"/3/0"}}',
    request: 'GET /3/0 accept 11542',
    response: { code: '2.05', contentFormat: 65000, payload: Buffer.from('x') },
    answer:
      '{"reqID":1,"msgType":"read","data":{"reqPath":"/3/0","code":"2.05","codeMsg":"undecoded","contentFormat":65000,"content":[{"path":"/3/0","value":"eA=="}]}}',
  },
];

for (const { title, command, request, response, answer } of vectors) {
  for (const [topic, answerTopic] of [
    ['lwm2m/ep/dn/dm', 'lwm2m/ep/up/resp'],
    ['lwm2m/ep/command', 'lwm2m/ep/response'],
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

test('what cannot be understood is answered with the key and the reason', async (t) => {
  const world = await World.start();
  await world.registered('ep');
  const bad = (reqPath: string, reason: string): string =>
    `"data":{"reqPath":"${reqPath}","code":"4.00","codeMsg":"bad_request","reason":"${reason}"}`;
  const cases: [string, string][] = [
    [
      '{"reqID":1,"msgType":"reed","data":{"path":"/3"}}',
      `{"reqID":1,"msgType":"reed",${bad('/3', 'msgType: not known')}}`,
    ],
    ['{"reqID":1,"msgType":"read"}', `{"reqID":1,"msgType":"read",${bad('', 'data: an object is missing')}}`],
    [
      '{"reqID":1,"msgType":"read","data":{"path":"x"}}',
      `{"reqID":1,"msgType":"read",${bad('x', 'data.path: not a path')}}`,
    ],
    [
      '{"encoding":"hex","msgType":"write","data":{"path":"/3/0/14","value":"zz"}}',
      `{"encoding":"hex","msgType":"write",${bad('/3/0/14', 'data.value: not hexadecimal')}}`,
    ],
    [
      '{"msgType":"write","data":{"basePath":"/3/0","content":[{"path":"14","value":"a"},{"path":"x","value":1}]}}',
      `{"msgType":"write",${bad('/3/0', 'data.content.1.path: not a resource')}}`,
    ],
    [
      '{"msgType":"write","data":{"path":"/3/0/13","value":"twelve"}}',
      `{"msgType":"write",${bad('/3/0/13', '/3/0/13 is of type Time')}}`,
    ],
  ];
  for (const [command, answer] of cases) {
    await world.command('lwm2m/ep/dn/dm', command);
    t.deepEqual(world.published(), [['lwm2m/ep/up/resp', answer]]);
  }
  await world.command('lwm2m/ep/dn/dm', '{"msgType":"write","data":{"path":"/3/0/13"}}');
  t.regex(world.published()[0]?.[1] ?? '', /"reason":"data\.value: /);
  for (const garbage of ['', 'nonsense', '{"msgType"', '[]', '17', '{}']) {
    await world.command('lwm2m/ep/dn/dm', garbage);
    const [[topic, answer] = []] = world.published();
    t.is(topic, 'lwm2m/ep/up/resp');
    t.true(answer?.startsWith('{"msgType":"error","data":{"reqPath":"","code":"4.00",'), answer);
  }
  t.is(world.coap.sent.length, 0);
});
