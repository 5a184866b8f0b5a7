import test from 'ava';
import { formatMessage } from '#src/coap/format.js';
import { read, request, response } from '../support/coap-messages.js';

test('a message in one line', (t) => {
  t.is(formatMessage({ kind: 'empty', type: 'RST', mid: 0xab }), 'RST 00ab');
  t.is(
    formatMessage(
      request('POST', '/rd/x?ep=a&lt=60', {
        mid: 0x7d34,
        token: '0a1b',
        payload: '</1/0>',
        options: { contentFormat: 40, observe: 0, block1: { num: 1, more: true, szx: 2 }, size1: 100 },
      }),
    ),
    'CON POST 7d34 [0a1b] /rd/x?ep=a&lt=60 ct=40 observe=0 size1=100 1:1/1/64 6 B',
  );
  t.is(
    formatMessage(
      response('2.01', {
        type: 'NON',
        options: {
          location: ['rd', '5F3A'],
          etag: Buffer.of(1, 2),
          maxAge: 60,
          block2: { num: 0, more: false, szx: 6 },
        },
      }),
    ),
    'NON 2.01 0001 [a1] location=/rd/5F3A max-age=60 etag=0102 2:0/0/1024',
  );
});

test('what a network sent stays one line of moderate length', (t) => {
  const line = formatMessage(request('GET', `/a\nb\u202e/${'x'.repeat(100)}`));
  t.is(line, `CON GET 0001 [a1] /a?b?/${'x'.repeat(64)}...`);
  t.is(formatMessage(read('411f0001a1e12602aa')), 'CON 0.?? 0001 [a1] bad option 9999');
});
