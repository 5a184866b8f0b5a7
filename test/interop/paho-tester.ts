import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import type { ExecutionContext } from 'ava';
import { confFolder, installed, mainFile, Running } from './support.js';

const needed = ['mosquitto_sub', 'unshare', 'nsenter', 'ip', 'stdbuf'];
const lastStep = 19;

// The tester finds the gateway by a multicast group on a port of its own choice, so each gets a network namespace, with a
// cable between them and no way out.
const script = `
  ip link set lo up && ip link add name here type veth peer name there || exit
  unshare -n sleep 120 & device=$!
  until [ "$(readlink /proc/$device/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.05; done
  ip link set there netns $device && ip addr add 10.9.0.1/24 dev here && ip link set here up
  at_device="nsenter -t $device -n"
  $at_device ip addr add 10.9.0.2/24 dev there && $at_device ip link set there up
  ip route add 224.0.0.0/4 dev here && $at_device ip route add 224.0.0.0/4 dev there
  "$0" "$1" start --etc "$2" &
  until mosquitto_sub -p 11883 -t x -W 1 >/dev/null 2>&1; [ $? -eq 27 ]; do sleep 0.1; done
  stdbuf -oL mosquitto_sub -p 11883 -d -q 2 -t '#' -F 'got %t %q %p' &
  exec $at_device "$3"
`;

/**
 * Runs every step of a build of Paho's GatewayTester against a gateway with these lines in emqx_sn.conf, and checks what
 * arrived on both sides. Gives everything that was said, or undefined where it cannot run.
 */
export async function runPahoTester(
  t: ExecutionContext,
  program: string,
  sn: (folder: string) => readonly string[],
): Promise<string | undefined> {
  if (!installed(t, program, ...needed)) return undefined;
  if (process.getuid?.() !== 0) {
    t.log('skipped: only root may make network namespaces here');
    t.pass();
    return undefined;
  }
  const home = confFolder(t);
  writeFileSync(
    join(home, 'isthmus.conf'),
    'broker.listener.tcp = 127.0.0.1:11883\nadmin.listener = off\nlog.level = debug\n',
  );
  const lines = ['mqtt.sn.multicast_group = 225.1.1.1', 'mqtt.sn.predefined.topic.1 = tester/one', ...sn(home)];
  writeFileSync(join(home, 'emqx_sn.conf'), `${lines.join('\n')}\n`);
  const inside = ['-fpn', '--kill-child', '--mount-proc', 'bash', '-c', script];
  const tester = new Running(t, 'unshare', [...inside, process.execPath, mainFile, home, program]);
  await tester.waitFor('Subscribed');
  await tester.waitFor('( y/n )');
  tester.write('y\n');
  for (let step = 0; step <= lastStep; step++) {
    await tester.waitFor(`Execute "Step${step}:`);
    tester.write('y\n');
  }
  await tester.waitFor('All tests complete!');
  const said = (pattern: RegExp): number => [...tester.output.matchAll(pattern)].length;
  // Steps 3, 12 (asleep) and 18; step 14 publishes without being connected and is told so.
  t.is(said(/got ty4tw\/topic1 0 /g), 3, tester.output);
  // Steps 4, 6, 8, 10 and 16.
  t.is(said(/got ty4tw\/topic2 1 /g), 5, tester.output);
  // Of those, 4, 6 and 10 come back: step 7 unsubscribes and step 9 subscribes again.
  t.is(said(/Topic2 recv/g), 3, tester.output);
  return tester.output;
}
