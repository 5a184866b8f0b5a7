import { entry, guessed, hex, type Lwm2mVector } from './lwm2m-vector.js';

const DEVICE = `C800144F70656E204D6F62696C6520416C6C69616E6365
  C801164C69676874776569676874204D324D20436C69656E74
  C80209333435303030313233 C303312E30 8606410001410105 88070842000ED842011388 870841007D42010384 C10964 C10A0F
  830B410000 C40D5182428F C60E2B30323A3030 C11055`.replaceAll('\n', '');

/** The device object of the vectors, /3/0. */
export const deviceEntries = [
  entry([3, 0, 0], 'String', 'Open Mobile Alliance'),
  entry([3, 0, 1], 'String', 'Lightweight M2M Client'),
  entry([3, 0, 2], 'String', '345000123'),
  entry([3, 0, 3], 'String', '1.0'),
  entry([3, 0, 6, 0], 'Integer', 1),
  entry([3, 0, 6, 1], 'Integer', 5),
  entry([3, 0, 7, 0], 'Integer', 3800),
  entry([3, 0, 7, 1], 'Integer', 5000),
  entry([3, 0, 8, 0], 'Integer', 125),
  entry([3, 0, 8, 1], 'Integer', 900),
  entry([3, 0, 9], 'Integer', 100),
  entry([3, 0, 10], 'Integer', 15),
  entry([3, 0, 11, 0], 'Integer', 0),
  entry([3, 0, 13], 'Time', 1367491215),
  entry([3, 0, 14], 'String', '+02:00'),
  entry([3, 0, 16], 'String', 'U'),
];

const access = [
  entry([2, 0, 0], 'Integer', 1),
  entry([2, 0, 1], 'Integer', 0),
  entry([2, 0, 2, 127], 'Integer', 7),
  entry([2, 0, 3], 'Integer', 127),
  entry([2, 2, 0], 'Integer', 3),
  entry([2, 2, 1], 'Integer', 0),
  entry([2, 2, 2, 127], 'Integer', 7),
  entry([2, 2, 2, 310], 'Integer', 1),
  entry([2, 2, 3], 'Integer', 127),
];

const server = [
  entry([1, 0, 0], 'Integer', 1),
  entry([1, 0, 1], 'Integer', 86400),
  entry([1, 0, 6], 'Boolean', true),
  entry([1, 0, 7], 'String', 'U'),
];

const links = [
  entry([65, 0, 0, 0], 'Objlnk', { objectId: 66, instanceId: 0 }),
  entry([65, 0, 0, 1], 'Objlnk', { objectId: 66, instanceId: 1 }),
  entry([65, 0, 1], 'String', '8613800755500'),
  entry([65, 0, 2], 'Integer', 0x12345678),
];

const powerSources = [entry([3, 0, 6, 0], 'Integer', 1), entry([3, 0, 6, 1], 'Integer', 5)];

type Row = Omit<Lwm2mVector, 'format' | 'payload'> & { hex: string };

const rows: readonly Row[] = [
  { name: 'device instance', request: [3, 0], hex: DEVICE, entries: deviceEntries, canonical: true },
  {
    name: 'device instance, wrapped',
    request: [3, 0],
    hex: `080079${DEVICE}`,
    entries: deviceEntries,
    canonical: false,
  },
  { name: 'device object', request: [3], hex: `080079${DEVICE}`, entries: deviceEntries, canonical: true },
  { name: 'device object, instance left out', request: [3], hex: DEVICE, entries: deviceEntries, canonical: false },
  {
    name: 'access control, two instances, a 16-bit resource instance id',
    request: [2],
    hex: '08000EC10001C101008302417F07C1037F 080212C10003C101008702417F0761013601C1037F',
    entries: access,
    canonical: true,
  },
  {
    name: 'server',
    request: [1],
    hex: '08000FC10001C40100015180C10601C10755',
    entries: server,
    canonical: true,
  },
  {
    name: 'object links',
    request: [65, 0],
    hex: '88000C440000420000440100420001 C8010D38363133383030373535353030 C40212345678',
    entries: links,
    canonical: true,
  },
  {
    name: 'null object link',
    request: [65, 0, 0],
    hex: '8600 4400FFFFFFFF',
    entries: [entry([65, 0, 0, 0], 'Objlnk', { objectId: 65535, instanceId: 65535 })],
    canonical: true,
  },
  {
    name: 'bare resource instances',
    request: [3, 0, 6],
    hex: '410001 410105',
    entries: powerSources,
    canonical: false,
  },
  { name: 'multiple resource', request: [3, 0, 6], hex: '8606410001410105', entries: powerSources, canonical: true },
  {
    name: 'multiple resource within its instance',
    request: [3, 0, 6],
    hex: '080008 8606410001410105',
    entries: powerSources,
    canonical: false,
  },
  {
    name: 'one resource instance of several',
    request: [3, 0, 6, 1],
    hex: '410105',
    entries: [entry([3, 0, 6, 1], 'Integer', 5)],
    canonical: true,
  },
  {
    name: 'one resource instance within its resource',
    request: [3, 0, 6, 1],
    hex: '8306 410105',
    entries: [entry([3, 0, 6, 1], 'Integer', 5)],
    canonical: false,
  },
  {
    name: 'resource within its instance',
    request: [3, 0, 9],
    hex: '080003 C10964',
    entries: [entry([3, 0, 9], 'Integer', 100)],
    canonical: false,
  },
  {
    name: 'bare resource, time',
    request: [3, 0, 13],
    hex: 'C20D3039',
    entries: [entry([3, 0, 13], 'Time', 12345)],
    canonical: true,
  },
  {
    name: '8-byte float',
    request: [6, 0, 0],
    hex: 'C8000840C81C8000000000',
    entries: [entry([6, 0, 0], 'Float', 12345)],
    canonical: false,
  },
  {
    name: '4-byte float where it is exact',
    request: [6, 0, 0],
    hex: 'C4004640E400',
    entries: [entry([6, 0, 0], 'Float', 12345)],
    canonical: true,
  },
  {
    name: '8-byte float where 4 would round',
    request: [6, 0, 0],
    hex: 'C800083FB999999999999A',
    entries: [entry([6, 0, 0], 'Float', 0.1)],
    canonical: true,
  },
  {
    name: '-127 in one byte',
    request: [3, 0, 9],
    hex: 'C10981',
    entries: [entry([3, 0, 9], 'Integer', -127)],
    canonical: true,
  },
  {
    name: '129 in two bytes',
    request: [3, 0, 9],
    hex: 'C2090081',
    entries: [entry([3, 0, 9], 'Integer', 129)],
    canonical: true,
  },
  {
    name: '-0x1234',
    request: [3, 0, 9],
    hex: 'C209EDCC',
    entries: [entry([3, 0, 9], 'Integer', -0x1234)],
    canonical: true,
  },
  {
    name: 'no 3-byte integers: 65536 in four',
    request: [3, 0, 9],
    hex: 'C40900010000',
    entries: [entry([3, 0, 9], 'Integer', 65536)],
    canonical: true,
  },
  {
    name: 'int64',
    request: [3, 0, 9],
    hex: 'C809087F34567891223344',
    entries: [entry([3, 0, 9], 'Integer', 0x7f34567891223344n)],
    canonical: true,
  },
  {
    name: 'the highest bit as a sign',
    request: [3, 0, 9],
    hex: 'C809088F34567891223344',
    entries: [entry([3, 0, 9], 'Integer', -0x70cba9876eddccbcn)],
    canonical: true,
  },
  {
    name: 'the highest bit without a sign',
    request: [32100, 1, 2],
    hex: 'C802088F34567891223344',
    entries: [entry([32100, 1, 2], 'Unsigned Integer', 0x8f34567891223344n)],
    canonical: true,
  },
  {
    name: '255 in one byte without a sign',
    request: [32100, 1, 2],
    hex: 'C102FF',
    entries: [entry([32100, 1, 2], 'Unsigned Integer', 255)],
    canonical: true,
  },
  {
    name: 'a string of no bytes',
    request: [3, 0, 14],
    hex: 'C00E',
    entries: [entry([3, 0, 14], 'String', '')],
    canonical: true,
  },
  {
    name: 'a multiple resource without instances',
    request: [3, 0],
    hex: '8006 C11055',
    entries: [entry([3, 0, 16], 'String', 'U')],
    canonical: false,
  },
  { name: 'nothing', request: [3, 0], hex: '', entries: [], canonical: true },
  {
    name: 'opaque without a definition',
    request: [999, 0],
    hex: 'C337010203',
    entries: [guessed([999, 0, 55], 'Opaque', hex('010203'))],
    canonical: false,
  },
  {
    name: '16-bit id, 8-bit length',
    request: [999, 0, 1],
    hex: '88010D 68020309010203040506070809',
    entries: [guessed([999, 0, 1, 0x203], 'Opaque', hex('010203040506070809'))],
    canonical: true,
  },
  {
    name: '16-bit length',
    request: [999, 0],
    hex: `D0210190${'5a'.repeat(400)}`,
    entries: [guessed([999, 0, 33], 'Opaque', hex('5a'.repeat(400)))],
    canonical: true,
  },
  {
    name: '24-bit length',
    request: [999, 0],
    hex: `D821010000${'5a'.repeat(65536)}`,
    entries: [guessed([999, 0, 33], 'Opaque', hex('5a'.repeat(65536)))],
    canonical: true,
  },
];

/** TLV from Leshan's, Wakaama's, EMQX's and Zephyr's tests and bug reports, and what their rules imply. */
export const tlvVectors: readonly Lwm2mVector[] = rows.map(({ hex: text, ...row }) => ({
  ...row,
  format: 11542,
  payload: hex(text),
}));

/** TLV that must be refused, with what was asked for. */
export const badTlv: readonly { name: string; request: readonly number[]; hex: string }[] = [
  { name: 'one byte short', request: [999, 0], hex: 'C3370102' },
  { name: 'one byte short, wide id', request: [999, 0], hex: '2802030901020304050607' },
  { name: 'one byte short, wide length', request: [999, 0], hex: `90210190${'00'.repeat(399)}` },
  { name: 'no id', request: [3, 0], hex: 'C1' },
  { name: 'half an id', request: [3, 0], hex: 'E101' },
  { name: 'no length', request: [3, 0], hex: 'C801' },
  { name: 'half a length', request: [3, 0], hex: 'D00101' },
  { name: 'two thirds of a length', request: [3, 0], hex: 'D8010101' },
  { name: 'inner value longer than its resource', request: [3, 0], hex: '8306420001' },
  { name: 'instance within an instance', request: [3], hex: '080005 080003C10964' },
  { name: 'resource instance within an instance', request: [3], hex: '080003 410001' },
  { name: 'resource within a multiple resource', request: [3, 0], hex: '8306 C10001' },
  { name: 'resource instance at an instance', request: [3, 0], hex: '410001' },
  { name: 'another instance than asked for', request: [3, 0], hex: '080103 C10964' },
  { name: 'another resource than asked for', request: [3, 0, 9], hex: 'C10A64' },
  { name: 'another resource instance than asked for', request: [3, 0, 6, 0], hex: '410105' },
  { name: 'instance left out of an object with several', request: [2], hex: 'C10001' },
  { name: 'integer of 3 bytes', request: [3, 0, 9], hex: 'C309010000' },
  { name: 'integer of no bytes', request: [3, 0, 9], hex: 'C009' },
  { name: 'integer of 16 bytes', request: [3, 0, 9], hex: `C80910${'00'.repeat(16)}` },
  { name: 'float of 2 bytes', request: [6, 0, 0], hex: 'C2000000' },
  { name: 'boolean of value 2', request: [1, 0, 6], hex: 'C10602' },
  { name: 'boolean of 2 bytes', request: [1, 0, 6], hex: 'C2060001' },
  { name: 'object link of 2 bytes', request: [65, 0, 0], hex: '42000042' },
  { name: 'a reserved id', request: [3, 0], hex: 'E1FFFF01' },
  { name: 'several objects', request: [], hex: 'C10001' },
];
