import test, { type ExecutionContext } from 'ava';
import { find, freeUdpPort, type Gateway, installed, run, startGateway } from './support.js';

const client = find('coap-client') === undefined ? 'coap-client-notls' : 'coap-client';

/** coap-client with its messages shown. */
async function ask(t: ExecutionContext, gateway: Gateway, path: string, ...args: string[]): Promise<string> {
  const uri = `coap://127.0.0.1:${gateway.coapPort}/${path}`;
  const { output } = await run(t, client, ['-v', '7', '-B', '5', ...args, uri]);
  return output;
}

test('coap-client reads /.well-known/core', async (t) => {
  if (!installed(t, client)) return;
  const gateway = await startGateway(t);
  t.regex(await ask(t, gateway, '.well-known/core'), /<\/rd>/);
});

test('coap-client meets 4.04 for what is not there', async (t) => {
  if (!installed(t, client)) return;
  const gateway = await startGateway(t);
  t.regex(await ask(t, gateway, 'nothing/here'), /4\.04/);
});

test('coap-client registers, updates and deregisters as a device would', async (t) => {
  if (!installed(t, client)) return;
  const gateway = await startGateway(t);
  const query = 'rd?ep=by-hand&lt=300&lwm2m=1.0&b=U';
  const registered = await ask(t, gateway, query, '-m', 'post', '-t', '40', '-e', '</1/0>,</3/0>');
  const [, first, second] = /Location-Path:([^,]+), Location-Path:([^\s,\]]+)/.exec(registered) ?? [];
  t.is(first, 'rd', registered);
  t.truthy(second);
  t.regex(await ask(t, gateway, `rd/${second}`, '-m', 'post'), /2\.04/);
  t.regex(await ask(t, gateway, `rd/${second}`, '-m', 'delete'), /2\.02/);
  t.regex(await ask(t, gateway, `rd/${second}`, '-m', 'post'), /4\.04/);
});

test('coap-client is told what is wrong with a registration', async (t) => {
  if (!installed(t, client)) return;
  const gateway = await startGateway(t);
  t.regex(await ask(t, gateway, 'rd?lt=300&lwm2m=1.0', '-m', 'post', '-t', '40', '-e', '</3/0>'), /4\.00/);
  t.regex(await ask(t, gateway, 'rd?ep=x&lt=300&lwm2m=9.9', '-m', 'post', '-t', '40', '-e', '</3/0>'), /4\.12/);
});

test('coap-client sends non-confirmable and over a link that loses', async (t) => {
  if (!installed(t, client)) return;
  const gateway = await startGateway(t);
  t.regex(await ask(t, gateway, '.well-known/core', '-N'), /<\/rd>/);
  t.regex(await ask(t, gateway, '.well-known/core', '-B', '20', '-l', '1'), /<\/rd>/);
});

test('coap-client sends values as a device would', async (t) => {
  if (!installed(t, client)) return;
  const gateway = await startGateway(t);
  // A Send is known by the address it comes from.
  const from = ['-p', `${await freeUdpPort()}`];
  const query = 'rd?ep=by-hand&lt=300&lwm2m=1.1&b=U';
  t.regex(await ask(t, gateway, query, '-m', 'post', '-t', '40', '-e', '</3303/0>', ...from), /2\.01/);
  const send = ['-m', 'post', '-t', '110', '-e', '[{"n":"/3303/0/5700","v":21.5}]'];
  t.regex(await ask(t, gateway, 'dp', ...send, ...from), /2\.04/);
  t.regex(await ask(t, gateway, 'dp', ...send), /4\.04/);
});
