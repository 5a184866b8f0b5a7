export default {
  files: ['.build/test/interop/**/*.test.js'],
  concurrency: 1,
  serial: true,
  timeout: '5m',
};
