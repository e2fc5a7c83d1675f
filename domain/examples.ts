/** What the examples of all schemas speak of, so that they tell one story. */
export const exampleIds = {
  user: '7d0d1f4e-5c0b-4a53-9a0e-3b8f5d0c2a11',
  session: 'c5a0a3de-52a7-4a44-8f0e-0d1b4e2a9c52',
  token: '0b7c3f3a-9f65-4f0f-8c1e-6a5d2b9e7f13',
  database: '3f0b7e9e-7a31-4c8b-9b43-0a7f3f1f5a11',
  policy: 'a1e5b9c2-6d3f-4b7a-8e21-9c4d5f6a7b14',
  backup: '5b8d2c7f-1a4e-4d9b-b3c6-2e7f8a9b0c15',
  restore: 'd4f6a8b0-2c3e-4f5a-9b7d-1e2f3a4b5c16',
  task: 'e7a9c1d3-5f6b-4a8c-8d0e-4f5a6b7c8d17',
  sshKey: '2d4b6f80-1a3c-4e5d-8f70-9b8a7c6d5e20',
  notice: 'f1b3d5e7-8a9c-4b0d-a2e4-7c8d9e0f1a18',
  request: '9c8b7a65-4d3e-4f2a-b1c0-8d7e6f5a4b19',
} as const;

export const exampleHostKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJu8PqDkXzmVZ1t9Q0qVb0m2m1y6bq0mJ3bqfG1q9Xyz';
