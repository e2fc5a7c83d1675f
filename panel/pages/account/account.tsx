import { Stack } from '@mantine/core';
import { useMe } from '../../client/me.ts';
import { Page } from '../../parts/page.tsx';
import { Password } from './password.tsx';
import { Profile } from './profile.tsx';
import { Sessions } from './sessions.tsx';
import { Tokens } from './tokens.tsx';

export function Account() {
  const { email, role } = useMe();
  return (
    <Page title="Account" summary={`${email}, ${role === 'admin' ? 'admin' : 'user'}`}>
      <Stack maw={900}>
        <Profile />
        <Password />
        <Tokens />
        <Sessions />
      </Stack>
    </Page>
  );
}
