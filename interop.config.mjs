export default {
  files: ['.build/test/interop/**/*.test.js'],
  concurrency: 1,
  timeout: '5m',
};
