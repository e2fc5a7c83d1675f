/** Everything that is fetched or built, pinned. Checksums are the publishers' own; Go and Maven check theirs themselves. */
export const versions = {
  temporal: {
    version: '1.5.1',
    serverVersion: '1.29.1',
    module: 'github.com/temporalio/cli/cmd/temporal',
    /** Of the release archives. */
    sha256: {
      linux_amd64: 'ddc95e08b0b076efd4ea9733a3f488eb7d2be875f8834e616cd2a37358b4852d',
      linux_arm64: 'bd1b0db9f18b051026de8bf6cc1505f2510f14bbb7a8b9a4a91fff46c77454f5',
      darwin_amd64: 'bbb73e2a31135abe50a1f1cdb35030c42961df618e8ce9c60ae89f201540c5d9',
      darwin_arm64: 'cca01b7ea35ad56e2a328d9ae596bf716bd22313ef63c7a761c88354457c2415',
    },
  },
  versitygw: {
    version: '1.8.0',
    module: 'github.com/versity/versitygw/cmd/versitygw',
  },
  testServer: {
    version: '1.38.0',
    artifact: 'io.temporal:temporal-test-server',
    mainClass: 'io.temporal.testserver.TestServer',
  },
  /** Google's own implementations, with which the tests compare ours. */
  tinkJava: { version: '1.15.0', artifact: 'com.google.crypto.tink:tink' },
  tinkPython: { version: '1.12.0' },
  /** Tries the API by its OpenAPI document; Hypothesis makes up what it sends. */
  schemathesis: { version: '4.32.5', hypothesis: '6.170.17' },
  debianSuite: 'trixie',
  baseImage: 'debian:trixie-slim',
} as const;
