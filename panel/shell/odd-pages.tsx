import { Button, Center, Loader, Stack, Text } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link, useRouteError } from 'react-router';
import { EmptyState } from '../parts/empty-state.tsx';
import { Page } from '../parts/page.tsx';

export function NotFound() {
  return (
    <Page title="Nothing is here">
      <EmptyState
        icon={IconMapOff}
        title="There is no such page"
        action={
          <Button component={Link} to="/">
            To the databases
          </Button>
        }
      >
        The address is mistyped, what it showed has been deleted, or it belongs to somebody else.
      </EmptyState>
    </Page>
  );
}

export function Starting() {
  return (
    <Center mih="60vh">
      <Loader aria-label="Loading" />
    </Center>
  );
}

/** Instead of a page whose code failed, or could not be loaded: after an update the old pieces are gone. */
export function BrokenPage() {
  const error = useRouteError();
  return (
    <Center mih="60vh" p="md">
      <Stack align="center" maw={560} role="alert">
        <Text fw={600}>This page cannot be shown.</Text>
        <Text c="dimmed" ta="center">
          Tidemark may have been updated meanwhile. Nothing that was asked for is lost. (
          {error instanceof Error ? error.message : 'unknown error'})
        </Text>
        <Button onClick={() => window.location.reload()}>Load it again</Button>
      </Stack>
    </Center>
  );
}
